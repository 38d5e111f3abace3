// link: cuda
/* SPDX-License-Identifier: MIT */
/* A CUDA executable that becomes a daemon and uses CUDA then. Its result goes to a pipe that the daemon inherits. */
#include "cuda/cuda_abi.h"
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    if (daemon(1, 1) != 0)
        return 1;
    printf("daemon: cuInit %d\n", cuInit(0));
    return 0;
}
