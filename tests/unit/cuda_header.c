/* SPDX-License-Identifier: MIT */
/*
 * The library's own picture of the driver's interface (shim/cuda/cuda_types.def, cuda_api.def), of cuBLAS's and cuDNN's
 * (library_types.def, library_api.def), and the simulator's result codes, compared with the toolkit's headers while
 * this file is compiled: where it compiled, they agree.
 */
#include <criterion/criterion.h>

#if __has_include(<cuda.h>)
#undef __CUDA_API_VERSION_INTERNAL
#define __CUDA_API_VERSION_INTERNAL /* declare also the functions that newer names have replaced */
#include <cuda.h>

static unsigned compared;

#define SAME(what, condition)                                                                                          \
    _Static_assert(condition, what);                                                                                   \
    compared++;

static void compare(void)
{
#define CUDA_TYPE(name, type)                                                                                          \
    SAME(#name,                                                                                                        \
         sizeof(name) == sizeof(type) && __builtin_classify_type(*(name *)0) == __builtin_classify_type(*(type *)0))
#define CUDA_HANDLE(name, tag)  SAME(#name, __builtin_types_compatible_p(name, struct tag *))
#define CUDA_VALUE(name, value) SAME(#name, (name) == (value))
#include "cuda/cuda_types.def"
    SAME("CUuuid", sizeof(CUuuid) == 16 && offsetof(CUuuid, bytes) == 0 && sizeof((CUuuid *)0)->bytes == 16)
#define CUDA_API(name, parameters) SAME(#name, __builtin_types_compatible_p(__typeof__(name), CUresult parameters))
#include "cuda/cuda_api.def"
#define CUDA_RESULT(name, value) SAME(#name, (name) == (value))
#include "cuda_results.def"
}

#if __has_include(<cublas_v2.h>) && __has_include(<cublasLt.h>) && __has_include(<cudnn.h>)
#include <cublasLt.h>
#include <cublas_v2.h>
#include <cudnn.h>

static void compare_libraries(void){
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#define LIBRARY_TYPE(name, type)                                                                                       \
    SAME(#name,                                                                                                        \
         sizeof(name) == sizeof(type) && __builtin_classify_type(*(name *)0) == __builtin_classify_type(*(type *)0))
#define LIBRARY_VALUE(name, value) SAME(#name, (int)(name) == (value))
#include "cuda/library_types.def"
#define LIBRARY_API(type, name, parameters) SAME(#name, __builtin_types_compatible_p(__typeof__(name), type parameters))
#include "cuda/library_api.def"
}

Test(cuda_header, agrees_with_those_of_the_libraries)
{
    compare_libraries();
    cr_log_info("%u facts compared with cuBLAS %d and cuDNN %d", compared, CUBLAS_VERSION, CUDNN_VERSION);
    cr_assert_gt(compared, 50);
}

#else

Test(cuda_header, agrees_with_those_of_the_libraries)
{
    cr_skip_test("the headers of cuBLAS and cuDNN are not all installed (CUDA_HOME=%s)", GPUWARM_CUDA_HOME);
}

#endif

Test(cuda_header, agrees_with_the_toolkits)
{
    compare();
    cr_log_info("%u facts compared with cuda.h %d", compared, CUDA_VERSION);
    cr_assert_gt(compared, 100);
}

#else

Test(cuda_header, agrees_with_those_of_the_libraries)
{
    cr_skip_test("cuda.h is not installed (CUDA_HOME=%s)", GPUWARM_CUDA_HOME);
}

Test(cuda_header, agrees_with_the_toolkits)
{
    cr_skip_test("cuda.h is not installed (CUDA_HOME=%s)", GPUWARM_CUDA_HOME);
}

#endif
