/* SPDX-License-Identifier: MIT */
/* A stand-in for cuDNN (standin.h): what the stage `libraries` calls of it. */
#include "standin.h"

enum { NOT_INITIALIZED = 1001 };

STANDIN_CREATE(NOT_INITIALIZED, cudnnStatus_t, cudnnCreate, cudnnHandle_t)
STANDIN_DESTROY(NOT_INITIALIZED, cudnnStatus_t, cudnnDestroy, cudnnHandle_t)
STANDIN_CREATE(NOT_INITIALIZED, cudnnStatus_t, cudnnCreateTensorDescriptor, cudnnTensorDescriptor_t)
STANDIN_DESTROY(NOT_INITIALIZED, cudnnStatus_t, cudnnDestroyTensorDescriptor, cudnnTensorDescriptor_t)
STANDIN_CREATE(NOT_INITIALIZED, cudnnStatus_t, cudnnCreateFilterDescriptor, cudnnFilterDescriptor_t)
STANDIN_DESTROY(NOT_INITIALIZED, cudnnStatus_t, cudnnDestroyFilterDescriptor, cudnnFilterDescriptor_t)
STANDIN_CREATE(NOT_INITIALIZED, cudnnStatus_t, cudnnCreateConvolutionDescriptor, cudnnConvolutionDescriptor_t)
STANDIN_DESTROY(NOT_INITIALIZED, cudnnStatus_t, cudnnDestroyConvolutionDescriptor, cudnnConvolutionDescriptor_t)

STANDIN(NOT_INITIALIZED, cudnnStatus_t, cudnnSetStream, (cudnnHandle_t handle, cudaStream_t stream), "has=%d stream=%p",
        handle != NULL, stream)

STANDIN(NOT_INITIALIZED, cudnnStatus_t, cudnnSetTensor4dDescriptor,
        (cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format, cudnnDataType_t type, int n, int c, int h, int w),
        "has=%d shape=%d,%d,%d,%d format=%d type=%d", tensor != NULL, n, c, h, w, format, type)

STANDIN(NOT_INITIALIZED, cudnnStatus_t, cudnnSetFilter4dDescriptor,
        (cudnnFilterDescriptor_t filter, cudnnDataType_t type, cudnnTensorFormat_t format, int k, int c, int h, int w),
        "has=%d shape=%d,%d,%d,%d format=%d type=%d", filter != NULL, k, c, h, w, format, type)

STANDIN(NOT_INITIALIZED, cudnnStatus_t, cudnnSetConvolution2dDescriptor,
        (cudnnConvolutionDescriptor_t convolution, int pad_h, int pad_w, int stride_h, int stride_w, int dilation_h,
         int dilation_w, cudnnConvolutionMode_t mode, cudnnDataType_t compute_type),
        "has=%d pad=%d,%d stride=%d,%d dilation=%d,%d mode=%d type=%d", convolution != NULL, pad_h, pad_w, stride_h,
        stride_w, dilation_h, dilation_w, mode, compute_type)

STANDIN(NOT_INITIALIZED, cudnnStatus_t, cudnnConvolutionForward,
        (cudnnHandle_t handle, const void *alpha, const cudnnTensorDescriptor_t x, const void *x_data,
         const cudnnFilterDescriptor_t w, const void *w_data, const cudnnConvolutionDescriptor_t convolution,
         cudnnConvolutionFwdAlgo_t algorithm, void *workspace, size_t workspace_bytes, const void *beta,
         const cudnnTensorDescriptor_t y, void *y_data),
        "has=%d alpha=%g beta=%g apart=%d algorithm=%d workspace=%d,%zu", handle &&x &&w &&convolution &&y,
        (double)*(const float *)alpha, (double)*(const float *)beta, x_data != w_data && w_data != y_data, algorithm,
        workspace != NULL, workspace_bytes)

EXPORTED const char *cudnnGetErrorString(cudnnStatus_t status);
const char *cudnnGetErrorString(cudnnStatus_t status)
{
    return status == 8 ? "CUDNN_STATUS_EXECUTION_FAILED" : "CUDNN_STATUS_NOT_INITIALIZED";
}
