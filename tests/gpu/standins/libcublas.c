/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for cuBLAS on the simulated driver: handles, and the product of two matrices of floats. Other types are
 * answered as by a GPU that lacks them; a matrix larger than any client's, as the library's own warm-up has, is left.
 */
#include "standin.h"

enum { STANDIN_NOT_SUPPORTED = 15, COMPUTED_SIDE = 512 };

int cublasCreate_v2(void **handle);
int cublasDestroy_v2(void *handle);
int cublasSetStream_v2(void *handle, void *stream);
const char *cublasGetStatusName(int status);
int cublasGemmEx(void);
int cublasSgemm_v2(void *handle, int transpose_a, int transpose_b, int m, int n, int k, const float *alpha,
                   device_pointer a, int a_stride, device_pointer b, int b_stride, const float *beta, device_pointer c,
                   int c_stride);

int cublasCreate_v2(void **handle)
{
    static bool paid;
    standin_pay(&paid);
    return standin_new(handle, 1);
}

int cublasDestroy_v2(void *handle)
{
    return standin_free(handle);
}

int cublasSetStream_v2(void *handle, void *stream)
{
    (void)handle;
    (void)stream;
    return STANDIN_OK;
}

const char *cublasGetStatusName(int status)
{
    return status == STANDIN_OK ? "CUBLAS_STATUS_SUCCESS" : "CUBLAS_STATUS_ALLOC_FAILED";
}

int cublasGemmEx(void)
{
    return STANDIN_NOT_SUPPORTED;
}

/* Column by column, as cuBLAS has its matrices; nothing is transposed, whatever is asked for. */
int cublasSgemm_v2(void *handle, int transpose_a, int transpose_b, int m, int n, int k, const float *alpha,
                   device_pointer a, int a_stride, device_pointer b, int b_stride, const float *beta, device_pointer c,
                   int c_stride)
{
    const float *left = (const float *)(uintptr_t)a, *right = (const float *)(uintptr_t)b;
    float *product = (float *)(uintptr_t)c;
    static bool paid;
    (void)handle;
    (void)transpose_a;
    (void)transpose_b;
    standin_pay(&paid);
    if (k > COMPUTED_SIDE)
        return STANDIN_OK;
    for (int column = 0; column < n; column++) {
        float *made = product + (size_t)column * c_stride;
        for (int row = 0; row < m; row++)
            made[row] = *beta == 0 ? 0 : made[row] * *beta;
        for (int i = 0; i < k; i++)
            for (int row = 0; row < m; row++)
                made[row] += *alpha * left[(size_t)i * a_stride + row] * right[(size_t)column * b_stride + i];
    }
    return STANDIN_OK;
}
