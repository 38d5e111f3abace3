// link: kernels
/* SPDX-License-Identifier: MIT */
/* A program that uses CUDA only through a library of its own, which has the runtime in it. */
#include "libkernels.h"

int main(void)
{
    return kernels_run();
}
