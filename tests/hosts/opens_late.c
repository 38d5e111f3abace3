// link: cuda
/* SPDX-License-Identifier: MIT */
/* A program that opens the library itself, long after it started: `opens_late LIBRARY`. */
#include "cuda/cuda_abi.h"
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    printf("%s\n", library ? "opened" : "not opened");
    return library ? cuInit(0) : 1;
}
