/* SPDX-License-Identifier: MIT */
/* A stand-in for cuBLAS (standin.h): what the stage `libraries` calls of it. */
#include "standin.h"

enum { NOT_INITIALIZED = 1 };

STANDIN_CREATE(NOT_INITIALIZED, cublasStatus_t, cublasCreate_v2, cublasHandle_t)
STANDIN_DESTROY(NOT_INITIALIZED, cublasStatus_t, cublasDestroy_v2, cublasHandle_t)

STANDIN(NOT_INITIALIZED, cublasStatus_t, cublasSetStream_v2, (cublasHandle_t handle, cudaStream_t stream),
        "has=%d stream=%p", handle != NULL, stream)

/* NOLINTNEXTLINE(readability-non-const-parameter): the library's */
STANDIN(NOT_INITIALIZED, cublasStatus_t, cublasSgemm_v2,
        (cublasHandle_t handle, cublasOperation_t of_a, cublasOperation_t of_b, int m, int n, int k, const float *alpha,
         const float *a, int a_leading, const float *b, int b_leading, const float *beta, float *c, int c_leading),
        "has=%d m=%d n=%d k=%d of=%d,%d alpha=%g beta=%g leading=%d,%d,%d apart=%d", handle != NULL, m, n, k, of_a,
        of_b, (double)*alpha, (double)*beta, a_leading, b_leading, c_leading, a != b && b != c)

STANDIN(
    NOT_INITIALIZED, cublasStatus_t, cublasGemmEx,
    (cublasHandle_t handle, cublasOperation_t of_a, cublasOperation_t of_b, int m, int n, int k, const void *alpha,
     const void *a, cudaDataType a_type, int a_leading, const void *b, cudaDataType b_type, int b_leading,
     const void *beta, void *c, cudaDataType c_type, int c_leading, cublasComputeType_t compute_type,
     cublasGemmAlgo_t algorithm),
    "has=%d m=%d n=%d k=%d of=%d,%d alpha=%g beta=%g leading=%d,%d,%d apart=%d types=%d,%d,%d compute=%d algorithm=%d",
    handle != NULL, m, n, k, of_a, of_b, (double)*(const float *)alpha, (double)*(const float *)beta, a_leading,
    b_leading, c_leading, a != b && b != c, a_type, b_type, c_type, compute_type, algorithm)

EXPORTED const char *cublasGetStatusName(cublasStatus_t status);
const char *cublasGetStatusName(cublasStatus_t status)
{
    return status == 13 ? "CUBLAS_STATUS_EXECUTION_FAILED" : "CUBLAS_STATUS_NOT_INITIALIZED";
}
