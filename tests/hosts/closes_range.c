// link: cuda
/* SPDX-License-Identifier: MIT */
/* A CUDA executable that closes what it inherited with close_range before it does anything else. */
#include "cuda/cuda_abi.h"
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    CUcontext context;
#if __GLIBC_PREREQ(2, 34)
    close_range(3, ~0U, 0);
#endif
    CUresult init = cuInit(0);
    printf("cuInit %d, retain %d\n", init, cuDevicePrimaryCtxRetain(&context, 0));
    return 0;
}
