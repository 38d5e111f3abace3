/* SPDX-License-Identifier: MIT */
/*
 * The part of the CUDA driver's binary interface that the library uses: types, values and prototypes, written from
 * the CUDA Driver API reference. The toolkit's own cuda.h cannot be shipped (its licence) and must not be needed to
 * build; the names are the same, so code written against this header compiles against cuda.h too, which `make lint`
 * and the unit tests do where a toolkit is installed (GPUWARM_CUDA_H).
 */
#ifndef GPUWARM_CUDA_ABI_H
#define GPUWARM_CUDA_ABI_H

#include <stddef.h>

#ifdef GPUWARM_CUDA_H
#include <cuda.h>
#else

#define CUDA_TYPE(name, type)  typedef type name;
#define CUDA_HANDLE(name, tag) typedef struct tag *name;
#define CUDA_VALUE(name, value)
#include "cuda/cuda_types.def"
#undef CUDA_TYPE
#undef CUDA_HANDLE
#undef CUDA_VALUE

enum {
#define CUDA_TYPE(name, type)
#define CUDA_HANDLE(name, tag)
#define CUDA_VALUE(name, value) name = (value),
#include "cuda/cuda_types.def"
#undef CUDA_TYPE
#undef CUDA_HANDLE
#undef CUDA_VALUE
};

typedef struct CUuuid_st {
    char bytes[16];
} CUuuid;

#define CUDA_API(name, parameters) extern CUresult name parameters;
#include "cuda/cuda_api.def"
#undef CUDA_API

#endif
#endif
