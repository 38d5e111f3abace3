/* SPDX-License-Identifier: MIT */
/* A stand-in for cuBLASLt (standin.h): what the stage `libraries` calls of it. */
#include "standin.h"
#include <stdlib.h>

enum { NOT_INITIALIZED = 1 };

STANDIN_CREATE(NOT_INITIALIZED, cublasStatus_t, cublasLtCreate, cublasLtHandle_t)
STANDIN_DESTROY(NOT_INITIALIZED, cublasStatus_t, cublasLtDestroy, cublasLtHandle_t)
STANDIN_DESTROY(NOT_INITIALIZED, cublasStatus_t, cublasLtMatmulDescDestroy, cublasLtMatmulDesc_t)
STANDIN_DESTROY(NOT_INITIALIZED, cublasStatus_t, cublasLtMatrixLayoutDestroy, cublasLtMatrixLayout_t)

EXPORTED cublasLtMatmulDescCreate_function cublasLtMatmulDescCreate;
cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *description, cublasComputeType_t compute_type,
                                        cudaDataType scale_type)
{
    (void)compute_type, (void)scale_type;
    return standin_create(__func__, NOT_INITIALIZED, description);
}

STANDIN(NOT_INITIALIZED, cublasStatus_t, cublasLtMatmulDescSetAttribute,
        (cublasLtMatmulDesc_t description, cublasLtMatmulDescAttributes_t attribute, const void *value, size_t bytes),
        "has=%d attribute=%d value=%d bytes=%zu", description != NULL, attribute, *(const int *)value, bytes)

EXPORTED cublasLtMatrixLayoutCreate_function cublasLtMatrixLayoutCreate;
cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *layout, cudaDataType type, uint64_t rows,
                                          uint64_t columns, int64_t leading)
{
    int status = standin_call(__func__, NOT_INITIALIZED, "type=%d rows=%d columns=%d leading=%d", type, (int)rows,
                              (int)columns, (int)leading);
    *layout = status ? NULL : malloc(1);
    return status;
}

STANDIN(NOT_INITIALIZED, cublasStatus_t, cublasLtMatmul,
        (cublasLtHandle_t handle, cublasLtMatmulDesc_t description, const void *alpha, const void *a,
         cublasLtMatrixLayout_t a_layout, const void *b, cublasLtMatrixLayout_t b_layout, const void *beta,
         const void *c, cublasLtMatrixLayout_t c_layout, void *d, cublasLtMatrixLayout_t d_layout,
         const cublasLtMatmulAlgo_t *algorithm, void *workspace, size_t workspace_bytes, cudaStream_t stream),
        "has=%d alpha=%g beta=%g apart=%d workspace=%d,%zu algorithm=%d stream=%d",
        handle &&description &&a_layout &&b_layout &&c_layout &&d_layout, (double)*(const float *)alpha,
        (double)*(const float *)beta, a != b && b != c && c == d, workspace != NULL, workspace_bytes, algorithm != NULL,
        stream != NULL)

EXPORTED const char *cublasLtGetStatusName(cublasStatus_t status);
const char *cublasLtGetStatusName(cublasStatus_t status)
{
    return status == 13 ? "CUBLAS_STATUS_EXECUTION_FAILED" : "CUBLAS_STATUS_NOT_INITIALIZED";
}
