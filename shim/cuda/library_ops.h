/* SPDX-License-Identifier: MIT */
/*
 * The small operations by which libraries (libraries.def) are made to load what a program's first ones need. Each
 * works on a handle that was made for it, in our stream and on scratch memory, waits for nothing, and gives back what
 * it made. Functions are taken from that very library.
 */
#ifndef GPUWARM_LIBRARY_OPS_H
#define GPUWARM_LIBRARY_OPS_H

#include "cuda/cuda_abi.h"
#include "cuda/stage.h"
#include <link.h>
#include <stdbool.h>

/* How much scratch memory an operation may use: three matrices of the larger size in single precision. */
enum { OPERATION_SIDE = 1024, OPERATION_BYTES = 3 * OPERATION_SIDE * OPERATION_SIDE * 4 };

struct operation {
    const struct link_map *object; /* the library */
    void *handle;                  /* what its create function made */
    CUstream stream;
    CUdeviceptr scratch; /* OPERATION_BYTES, zeroed */
    struct stage_outcome *outcome;
};

/* A function of the library, to be cast to its type; NULL when it has none of that name. */
typedef void (*library_op_function)(void);
library_op_function library_op_find(const struct operation *operation, const char *name);

/* cuBLAS: single, half and bfloat16 products at a small and a middle size: each loads a kernel of its own. */
bool library_op_multiply(const struct operation *operation);

/* cuBLASLt: the same with a transposed factor and a bias, as a framework's linear layer has them. */
bool library_op_multiply_with_bias(const struct operation *operation);

/* cuDNN: one small convolution. */
bool library_op_convolve(const struct operation *operation);

#endif
