// link: foreign
/* SPDX-License-Identifier: MIT */
/* A program of which a library has functions named listen and poll that have nothing to do with sockets. */
#include <dlfcn.h>
#include <stdio.h>

int listen(const char *what, int a, int b, int c, int d, int e, int f, double x);
int poll(const char *what, long count, double x);

int main(void)
{
    dlopen("libcuda.so.1", RTLD_NOW);
    printf("%d ", listen("a", 1, 2, 3, 4, 5, 6, 0.5e3));
    printf("%d\n", poll("abc", 2, 1e3));
    return 0;
}
