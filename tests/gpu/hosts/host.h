/* SPDX-License-Identifier: MIT */
/*
 * What the programs of the safety part share: driver functions that the library itself does not need, and saying a
 * result at once, by one write, since some of these programs end without warning. They know nothing of libgpuwarm;
 * the kit compares what they print with and without it.
 */
#ifndef GPU_HOST_H
#define GPU_HOST_H

#include "cuda/cuda_abi.h"
#include <stdio.h>
#include <unistd.h>

extern CUresult cuCtxGetCurrent(CUcontext *context);
extern CUresult cuMemGetInfo_v2(size_t *unused, size_t *total);
extern CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned int *flags, int *active);
extern CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned int flags);
extern CUresult cuDevicePrimaryCtxReset_v2(CUdevice device);

#define SAY(...) dprintf(STDOUT_FILENO, __VA_ARGS__)

static inline const char *host_result(CUresult result)
{
    const char *name = NULL;
    return cuGetErrorName(result, &name) == CUDA_SUCCESS && name ? name : "CUDA_ERROR_?";
}

/* Prints "WHAT CODE NAME" and gives the code. */
static inline CUresult host_say(const char *what, CUresult result)
{
    SAY("%s %d %s\n", what, result, host_result(result));
    return result;
}

/* A kernel that returns at once. */
static const char host_ptx[] =
    ".version 4.0\n.target sm_50\n.address_size 64\n.visible .entry nothing()\n{\n\tret;\n}\n";

static inline CUresult host_launch(CUmodule module)
{
    CUfunction kernel;
    CUresult result = cuModuleGetFunction(&kernel, module, "nothing");
    if (result == CUDA_SUCCESS)
        result = cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, NULL, NULL, NULL);
    return result == CUDA_SUCCESS ? cuStreamSynchronize(NULL) : result;
}

#endif
