/* SPDX-License-Identifier: MIT */
/* See library_ops.h. */
#include "cuda/library_ops.h"
#include "cuda/driver.h"
#include "cuda/library_abi.h"
#include "elf/object.h"
#include <string.h>

library_op_function library_op_find(const struct operation *operation, const char *name)
{
    library_op_function function;
    const struct object_tables tables = object_tables(operation->object);
    void *address = object_find(&tables, name);
    memcpy(&function, &address, sizeof function);
    return function;
}

/* A status of the library's, or the error of ours that says that it lacks the function. */
#define CALL(operation, name, ...)                                                                                     \
    (library_op_find(operation, #name) ? (int)((name##_function *)library_op_find(operation, #name))(__VA_ARGS__)      \
                                       : CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND)

/* True on success; the first failure is in the outcome. */
#define TRY(operation, name, ...) stage_succeeded((operation)->outcome, #name, CALL(operation, name, __VA_ARGS__))

static const cudaDataType types[] = {CUDA_R_32F, CUDA_R_16F, CUDA_R_16BF};
static const int sides[] = {64, OPERATION_SIDE};
static const float one = 1, zero = 0;

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The nth matrix in the scratch memory. */
static void *matrix(const struct operation *operation, size_t nth)
{
    return (void *)(uintptr_t)(operation->scratch + nth * (OPERATION_BYTES / 3));
}

/* A GPU that has no such arithmetic is no failure. */
static int unless_unsupported(int status)
{
    return status == CUBLAS_STATUS_NOT_SUPPORTED || status == CUBLAS_STATUS_ARCH_MISMATCH ? 0 : status;
}

static bool product(const struct operation *operation, cudaDataType type, int side)
{
    void *a = matrix(operation, 0), *b = matrix(operation, 1), *c = matrix(operation, 2);
    if (type == CUDA_R_32F)
        return TRY(operation, cublasSgemm_v2, operation->handle, CUBLAS_OP_N, CUBLAS_OP_N, side, side, side, &one, a,
                   side, b, side, &zero, c, side);
    int status = CALL(operation, cublasGemmEx, operation->handle, CUBLAS_OP_N, CUBLAS_OP_N, side, side, side, &one, a,
                      type, side, b, type, side, &zero, c, type, side, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
    return stage_succeeded(operation->outcome, "cublasGemmEx", unless_unsupported(status));
}

bool library_op_multiply(const struct operation *operation)
{
    for (size_t i = 0; i < COUNT(types); i++)
        for (size_t j = 0; j < COUNT(sides); j++)
            if (!product(operation, types[i], sides[j]))
                return false;
    return true;
}

static bool product_described(const struct operation *operation, cublasLtMatmulDesc_t description, cudaDataType type,
                              int side)
{
    cublasLtMatrixLayout_t layout = NULL;
    const void *a = matrix(operation, 0), *b = matrix(operation, 1);
    void *d = matrix(operation, 2);
    if (!TRY(operation, cublasLtMatrixLayoutCreate, &layout, type, (uint64_t)side, (uint64_t)side, side))
        return false;
    int status = CALL(operation, cublasLtMatmul, operation->handle, description, &one, a, layout, b, layout, &zero, d,
                      layout, d, layout, NULL, NULL, 0, operation->stream);
    bool multiplied = stage_succeeded(operation->outcome, "cublasLtMatmul", unless_unsupported(status));
    return TRY(operation, cublasLtMatrixLayoutDestroy, layout) && multiplied;
}

static bool product_with_bias(const struct operation *operation, cudaDataType type, int side)
{
    const cublasOperation_t transposed = CUBLAS_OP_T;
    const int epilogue = CUBLASLT_EPILOGUE_BIAS;
    const void *bias = matrix(operation, 0);
    cublasLtMatmulDesc_t description = NULL;
    if (!TRY(operation, cublasLtMatmulDescCreate, &description, CUBLAS_COMPUTE_32F, CUDA_R_32F))
        return false;
    bool multiplied = TRY(operation, cublasLtMatmulDescSetAttribute, description, CUBLASLT_MATMUL_DESC_TRANSA,
                          &transposed, sizeof transposed) &&
                      TRY(operation, cublasLtMatmulDescSetAttribute, description, CUBLASLT_MATMUL_DESC_EPILOGUE,
                          &epilogue, sizeof epilogue) &&
                      TRY(operation, cublasLtMatmulDescSetAttribute, description, CUBLASLT_MATMUL_DESC_BIAS_POINTER,
                          &bias, sizeof bias) &&
                      product_described(operation, description, type, side);
    return TRY(operation, cublasLtMatmulDescDestroy, description) && multiplied;
}

bool library_op_multiply_with_bias(const struct operation *operation)
{
    for (size_t i = 0; i < COUNT(types); i++)
        for (size_t j = 0; j < COUNT(sides); j++)
            if (!product_with_bias(operation, types[i], sides[j]))
                return false;
    return true;
}

/* What the convolution is described by: 8 channels of 16 x 16, and 8 filters of 3 x 3. */
struct convolution {
    cudnnTensorDescriptor_t tensor; /* of what goes in and what comes out, which have one shape */
    cudnnFilterDescriptor_t filter;
    cudnnConvolutionDescriptor_t how;
};

static bool convolve_described(const struct operation *operation, const struct convolution *convolution)
{
    return TRY(operation, cudnnSetTensor4dDescriptor, convolution->tensor, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 1, 8,
               16, 16) &&
           TRY(operation, cudnnSetFilter4dDescriptor, convolution->filter, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, 8, 8, 3,
               3) &&
           TRY(operation, cudnnSetConvolution2dDescriptor, convolution->how, 1, 1, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION,
               CUDNN_DATA_FLOAT) &&
           TRY(operation, cudnnConvolutionForward, operation->handle, &one, convolution->tensor, matrix(operation, 0),
               convolution->filter, matrix(operation, 1), convolution->how, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM,
               NULL, 0, &zero, convolution->tensor, matrix(operation, 2));
}

bool library_op_convolve(const struct operation *operation)
{
    struct convolution convolution = {NULL, NULL, NULL};
    bool done = TRY(operation, cudnnCreateTensorDescriptor, &convolution.tensor) &&
                TRY(operation, cudnnCreateFilterDescriptor, &convolution.filter) &&
                TRY(operation, cudnnCreateConvolutionDescriptor, &convolution.how) &&
                convolve_described(operation, &convolution);
    if (convolution.how)
        done = TRY(operation, cudnnDestroyConvolutionDescriptor, convolution.how) && done;
    if (convolution.filter)
        done = TRY(operation, cudnnDestroyFilterDescriptor, convolution.filter) && done;
    if (convolution.tensor)
        done = TRY(operation, cudnnDestroyTensorDescriptor, convolution.tensor) && done;
    return done;
}
