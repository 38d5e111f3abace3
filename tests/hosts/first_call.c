// link: cuda
/* SPDX-License-Identifier: MIT */
/* A program's first use of the GPU: initialise, context on the device given (0), allocate, copy in and out, free. */
#include "cuda/cuda_abi.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(call)                                                                                                    \
    do {                                                                                                               \
        CUresult result = call;                                                                                        \
        if (result != CUDA_SUCCESS) {                                                                                  \
            printf("%s: %d\n", #call, result);                                                                         \
            return 1;                                                                                                  \
        }                                                                                                              \
    } while (0)

int main(int argc, char **argv)
{
    char in[4096], out[4096] = "", name[64];
    CUdevice device;
    CUcontext context;
    CUdeviceptr memory;
    memset(in, 'x', sizeof in);
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, argc > 1 ? atoi(argv[1]) : 0));
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxPushCurrent_v2(context));
    CHECK(cuMemAlloc_v2(&memory, sizeof in));
    CHECK(cuMemcpyHtoD_v2(memory, in, sizeof in));
    CHECK(cuMemcpyDtoH_v2(out, memory, sizeof out));
    CHECK(cuMemFree_v2(memory));
    CHECK(cuDeviceGetName(name, sizeof name, device));
    printf("%s: %s\n", name, memcmp(in, out, sizeof in) == 0 ? "same" : "different");
    return 0;
}
