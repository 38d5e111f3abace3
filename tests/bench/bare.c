/* SPDX-License-Identifier: MIT */
/*
 * The driver calls of a warm-up, made by a bare program: what the library's own work is compared with. The same calls
 * in the same order as shim/cuda/warm.c makes them on one device with the default settings.
 */
#include "cuda/cuda_abi.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(call)                                                                                                    \
    if ((call) != CUDA_SUCCESS) {                                                                                      \
        fprintf(stderr, "%s failed\n", #call);                                                                         \
        exit(1);                                                                                                       \
    }

enum { SCRATCH_BYTES = 1 << 20 };

static const char ptx[] = ".version 4.0\n.target sm_50\n.address_size 64\n.visible .entry bare()\n{\n\tret;\n}\n";

static void kernel(void)
{
    CUstream stream;
    CUmodule module;
    CUfunction function;
    CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    CHECK(cuModuleLoadDataEx(&module, ptx, 0, NULL, NULL));
    CHECK(cuModuleGetFunction(&function, module, "bare"));
    CHECK(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, NULL, NULL));
    CHECK(cuStreamSynchronize(stream));
    CHECK(cuModuleUnload(module));
    CHECK(cuStreamDestroy_v2(stream));
}

static void memory(void)
{
    CUstream stream;
    CUdeviceptr device;
    void *pinned, *pageable = malloc(SCRATCH_BYTES);
    CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    CHECK(cuMemAlloc_v2(&device, SCRATCH_BYTES));
    CHECK(cuMemHostAlloc(&pinned, SCRATCH_BYTES, 0));
    CHECK(cuMemsetD8Async(device, 0, SCRATCH_BYTES, stream));
    CHECK(cuMemcpyDtoHAsync_v2(pinned, device, SCRATCH_BYTES, stream));
    CHECK(cuMemcpyHtoDAsync_v2(device, pinned, SCRATCH_BYTES, stream));
    CHECK(cuStreamSynchronize(stream));
    CHECK(cuMemcpyHtoD_v2(device, pageable, SCRATCH_BYTES));
    CHECK(cuMemcpyDtoH_v2(pageable, device, SCRATCH_BYTES));
    CHECK(cuMemFreeHost(pinned));
    CHECK(cuMemFree_v2(device));
    CHECK(cuStreamDestroy_v2(stream));
    free(pageable);
}

int main(void)
{
    CUdevice device;
    CUcontext context;
    char name[96];
    int count;
    CUuuid uuid;
    CHECK(cuInit(0));
    CHECK(cuDeviceGetCount(&count));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuDeviceGetName(name, sizeof name, device));
    CHECK(cuDeviceGetUuid(&uuid, device));
    CHECK(cuDeviceGetUuid_v2(&uuid, device));
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxPushCurrent_v2(context));
    kernel();
    memory();
    CHECK(cuCtxPopCurrent_v2(&context));
    return 0;
}
