// link: cuda
/* SPDX-License-Identifier: MIT */
/* A CUDA executable that joins a mount namespace (its own) first, which the kernel allows only to a single thread. */
#include "cuda/cuda_abi.h"
#include "namespace.h"
#include <stdio.h>

int main(void)
{
    int error = namespace_join();
    printf("error %d, cuInit %d\n", error, cuInit(0));
    return 0;
}
