// link: cuda
/* SPDX-License-Identifier: MIT */
/* A CUDA executable that imports one function (IMPORTED), and calls it only when it is given an argument. */
#include "cuda/cuda_abi.h"

#ifndef IMPORTED
#define IMPORTED getpid /* which speaks against nothing */
#endif

long IMPORTED(void);

int main(int argc, char **argv)
{
    (void)argv;
    return argc > 1 ? (int)IMPORTED() : (int)cuInit(0);
}
