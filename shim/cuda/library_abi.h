/* SPDX-License-Identifier: MIT */
/*
 * The part of cuBLAS's, cuBLASLt's and cuDNN's binary interface that the stage `libraries` uses, written from their API
 * references. The headers themselves cannot be shipped and must not be needed to build; the unit tests compare this
 * with them where they are installed. A function is given as its type, `NAME_function`, since it is found by name.
 */
#ifndef GPUWARM_LIBRARY_ABI_H
#define GPUWARM_LIBRARY_ABI_H

#include <stddef.h>
#include <stdint.h>

#define LIBRARY_TYPE(name, type) typedef type name;
#define LIBRARY_VALUE(name, value)
#include "cuda/library_types.def"
#undef LIBRARY_TYPE
#undef LIBRARY_VALUE

enum {
#define LIBRARY_TYPE(name, type)
#define LIBRARY_VALUE(name, value) name = (value),
#include "cuda/library_types.def"
#undef LIBRARY_TYPE
#undef LIBRARY_VALUE
};

/* How the product is to be made; none is given, so the library chooses as it does for a program that gives none. */
typedef struct cublasLtMatmulAlgo cublasLtMatmulAlgo_t;

#define LIBRARY_API(type, name, parameters) typedef type name##_function parameters;
#include "cuda/library_api.def"
#undef LIBRARY_API

#endif
