/* SPDX-License-Identifier: MIT */
/* A program that does nothing and that no list knows: what the library's look at a process costs. */
int main(void)
{
    return 0;
}
