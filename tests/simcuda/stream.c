/* SPDX-License-Identifier: MIT */
/* Streams: made, waited for and destroyed. What is put into one is done before the call that does so returns. */
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
