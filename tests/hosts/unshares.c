// link: cuda
/* SPDX-License-Identifier: MIT */
/* A CUDA executable that makes a user namespace of its own first, which the kernel allows only to a single thread. */
#include "cuda/cuda_abi.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>

int main(void)
{
    int error = unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
    printf("error %d, cuInit %d\n", error, cuInit(0));
    return 0;
}
