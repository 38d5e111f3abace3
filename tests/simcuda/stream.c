/* SPDX-License-Identifier: MIT */
/*
 * Streams: made, waited for and destroyed. What is put into one is done before the call that does so returns. Nothing
 * is captured; a thread's mode towards captures is kept.
 */
#include "simcuda.h"
#include <stdlib.h>

struct CUstream_st {
    unsigned flags;
};

SIMULATED(cuStreamCreate, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUstream * stream, unsigned int flags), (stream, flags))
{
    struct CUstream_st *created = calloc(1, sizeof *created);
    if (!created)
        return SIM_CUDA_ERROR_OUT_OF_MEMORY;
    created->flags = flags;
    *stream = created;
    simcuda_call_detail(call, "flags=%u stream=%p", flags, (void *)created);
    return CUDA_SUCCESS;
}

SIMULATED(cuStreamSynchronize, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUstream stream), (stream))
{
    (void)call, (void)stream;
    return CUDA_SUCCESS;
}

SIMULATED(cuStreamDestroy_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUstream stream), (stream))
{
    simcuda_call_detail(call, "stream=%p", (void *)stream);
    if (!stream)
        return SIM_CUDA_ERROR_INVALID_HANDLE;
    free(stream);
    return CUDA_SUCCESS;
}

static _Thread_local CUstreamCaptureMode capture_mode = CU_STREAM_CAPTURE_MODE_GLOBAL;

SIMULATED(cuThreadExchangeStreamCaptureMode, NEED_INIT, SIMCUDA_NO_DEVICE, (CUstreamCaptureMode * mode), (mode))
{
    CUstreamCaptureMode before = capture_mode;
    if (*mode < CU_STREAM_CAPTURE_MODE_GLOBAL || *mode > CU_STREAM_CAPTURE_MODE_RELAXED)
        return SIM_CUDA_ERROR_INVALID_VALUE;
    capture_mode = *mode;
    *mode = before;
    simcuda_call_detail(call, "mode=%d before=%d", capture_mode, before);
    return CUDA_SUCCESS;
}
