// link: cuda
/* SPDX-License-Identifier: MIT */
/* A plugin whose constructor initialises CUDA, with the loader's lock held. */
#include "cuda/cuda_abi.h"

__attribute__((constructor)) static void initialise(void)
{
    cuInit(0);
}
