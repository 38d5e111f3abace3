/* SPDX-License-Identifier: MIT */
/*
 * What the stand-ins for cuBLAS, cuBLASLt and cuDNN share. They compute nothing: each call leaves a line in the
 * simulated driver's journal, and fails or takes long where that driver's settings (SIMCUDA_FAULT, SIMCUDA_LATENCY_MS)
 * name it. As the real ones do, they refuse to work before their own constructors have run and without a current CUDA
 * context.
 */
#ifndef STANDIN_H
#define STANDIN_H

#include "cuda/library_abi.h"

#define EXPORTED __attribute__((visibility("default")))

/* A call: writes its line, with `key=value` words, and gives its status (`refused` where it cannot work). */
__attribute__((format(printf, 3, 4))) int standin_call(const char *function, int refused, const char *format, ...);

/* A handle or description: made into *handle where the call succeeds. */
int standin_create(const char *function, int refused, void **handle);
int standin_destroy(const char *function, int refused, void *handle);

/* Defines an exported function that only leaves its line. */
#define STANDIN(refused, type, name, parameters, ...)                                                                  \
    EXPORTED type name parameters;                                                                                     \
    type name parameters                                                                                               \
    {                                                                                                                  \
        return standin_call(#name, refused, __VA_ARGS__);                                                              \
    }
#define STANDIN_CREATE(refused, type, name, handle_type)                                                               \
    EXPORTED type name(handle_type *handle);                                                                           \
    type name(handle_type *handle)                                                                                     \
    {                                                                                                                  \
        return standin_create(#name, refused, handle);                                                                 \
    }
#define STANDIN_DESTROY(refused, type, name, handle_type)                                                              \
    EXPORTED type name(handle_type handle);                                                                            \
    type name(handle_type handle)                                                                                      \
    {                                                                                                                  \
        return standin_destroy(#name, refused, handle);                                                                \
    }

#endif
