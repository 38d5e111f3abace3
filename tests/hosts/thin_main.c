// link: worker
/* SPDX-License-Identifier: MIT */
/* A program that links CUDA only through a library of its own, which does what speaks against warming it. */
#include "libworker.h"

int main(void)
{
    work();
    return 0;
}
