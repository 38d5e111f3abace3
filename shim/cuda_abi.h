/* SPDX-License-Identifier: MIT */
/*
 * The part of the CUDA driver's binary interface that the library uses: types, values and prototypes, written from
 * the CUDA Driver API reference. The toolkit's own cuda.h cannot be shipped (its licence) and must not be needed to
 * build; the names are the same, so code written against this header compiles against cuda.h too.
 *
 * Everything here is ABI: opaque handles are pointers, CUdevice and CUresult are ints, CUdeviceptr is as wide as a
 * pointer (CUDA 3.2 and newer, 64-bit).
 */
#ifndef GPUWARM_CUDA_ABI_H
#define GPUWARM_CUDA_ABI_H

#include <stddef.h>

typedef int CUresult;
typedef int CUdevice;
typedef int CUdevice_attribute;
typedef int CUjit_option;
typedef unsigned long long CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUuuid_st {
    char bytes[16];
} CUuuid;

/* Results that the library itself gives or tells apart; every other code is only passed on and named. */
enum {
    CUDA_SUCCESS = 0,
    CUDA_ERROR_OUT_OF_MEMORY = 2,
    CUDA_ERROR_NO_DEVICE = 100,
    CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND = 302, /* libcuda.so.1 lacks a function */
    CUDA_ERROR_SHARED_OBJECT_INIT_FAILED = 303,      /* libcuda.so.1 could not be opened */
};

/* cuDeviceGetAttribute: how many processes may have a context on a device. */
enum {
    CU_DEVICE_ATTRIBUTE_COMPUTE_MODE = 20,
    CU_COMPUTEMODE_DEFAULT = 0,
    CU_COMPUTEMODE_PROHIBITED = 2,
    CU_COMPUTEMODE_EXCLUSIVE_PROCESS = 3,
};

/* cuStreamCreate: a stream that does not wait for the default stream. */
enum { CU_STREAM_NON_BLOCKING = 1 };

#define CUDA_API(name, parameters) extern CUresult name parameters;
#include "cuda_api.def"
#undef CUDA_API

#endif
