/* SPDX-License-Identifier: MIT */
/*
 * A program that knows nothing of CUDA; it shows what a program could notice: errno, dlerror, and whether the variables
 * given are set.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int seen = errno;
    const char *error = dlerror();
    printf("errno=%d dlerror=%s\n", seen, error ? error : "none");
    for (int i = 1; i < argc; i++)
        printf("%s is %s\n", argv[i], getenv(argv[i]) ? "set" : "not set");
    return 7;
}
