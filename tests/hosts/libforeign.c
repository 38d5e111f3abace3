/* SPDX-License-Identifier: MIT */
/* A library with functions of its own that are called as the C library's are, and take something else. */
int listen(const char *what, int a, int b, int c, int d, int e, int f, double x);
int poll(const char *what, long count, double x);

int listen(const char *what, int a, int b, int c, int d, int e, int f, double x)
{
    return what[0] + a + b + c + d + e + f + (int)x;
}

int poll(const char *what, long count, double x)
{
    return what[count] + (int)x;
}
