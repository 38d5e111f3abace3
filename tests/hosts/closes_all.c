// link: cuda
/* SPDX-License-Identifier: MIT */
/* A program that closes what it inherited before it does anything else. */
#include "cuda/cuda_abi.h"
#include <stdio.h>
#include <unistd.h>

#if !__GLIBC_PREREQ(2, 34)
static void closefrom(int fd)
{
    while (fd < 1024)
        close(fd++);
}
#endif

int main(void)
{
    CUcontext context;
    closefrom(3);
    CUresult init = cuInit(0);
    printf("cuInit %d, retain %d\n", init, cuDevicePrimaryCtxRetain(&context, 0));
    return 0;
}
