// link: cuda starter
/* SPDX-License-Identifier: MIT */
/* A CUDA executable that starts programs by a library that is known to fork only for that. */
#include "cuda/cuda_abi.h"
#include "libstarts.h"

int main(void)
{
    return library_start() == 0 ? cuInit(0) : 1;
}
