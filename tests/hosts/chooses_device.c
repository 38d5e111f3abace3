// link: cuda
/* SPDX-License-Identifier: MIT */
/* A program that chooses its GPU itself, before its first CUDA call; the driver reads the variable once, at cuInit. */
#include "cuda/cuda_abi.h"
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    char name[64] = "";
    setenv("CUDA_VISIBLE_DEVICES", "1", 1);
    cuInit(0);
    cuDeviceGetName(name, sizeof name, 0);
    printf("device 0 is %s\n", name);
    return 0;
}
