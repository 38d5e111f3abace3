/* SPDX-License-Identifier: MIT */
/* A whole use of the first GPU that the program sees, for hosts that ask where and when CUDA still works. */
#ifndef HOST_USES_GPU_H
#define HOST_USES_GPU_H

#include "cuda/cuda_abi.h"
#include <stdio.h>
#include <string.h>

/* One line in `line`: the GPU's name and that what was copied there came back the same, or the first call that failed.
 */
static inline void gpu_use(char *line, size_t size)
{
    char in[64] = "a use of the GPU", out[sizeof in] = "", name[64] = "";
    CUcontext context;
    CUdeviceptr memory;
    CUresult result;
#define FAILS(call) ((result = call) != CUDA_SUCCESS ? snprintf(line, size, "%.20s: %d", #call, result) : 0)
    if (FAILS(cuInit(0)) || FAILS(cuDevicePrimaryCtxRetain(&context, 0)) || FAILS(cuCtxPushCurrent_v2(context)) ||
        FAILS(cuMemAlloc_v2(&memory, sizeof in)) || FAILS(cuMemcpyHtoD_v2(memory, in, sizeof in)) ||
        FAILS(cuMemcpyDtoH_v2(out, memory, sizeof out)) || FAILS(cuMemFree_v2(memory)) ||
        FAILS(cuDeviceGetName(name, sizeof name, 0)))
        return;
#undef FAILS
    snprintf(line, size, "%s: %s", name, memcmp(in, out, sizeof in) == 0 ? "same" : "different");
}

#endif
