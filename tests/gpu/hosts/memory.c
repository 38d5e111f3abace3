/* SPDX-License-Identifier: MIT */
/*
 * How much of the GPU's memory is in use (by everybody, as cuMemGetInfo tells) after each thing that a program does:
 * its context, its kernel, its allocations and copies. Waits for a line on stdin first and last, so that the kit can
 * look from outside.
 */
#include "host.h"
#include <stdlib.h>

enum { BYTES = 1 << 20 };

static int used_say(const char *when)
{
    size_t unused = 0, total = 0;
    CUresult result = cuMemGetInfo_v2(&unused, &total);
    if (result != CUDA_SUCCESS)
        return host_say("cuMemGetInfo", result);
    SAY("used %s %zu\n", when, total - unused);
    return 0;
}

static void wait_for_line(const char *when)
{
    char byte;
    SAY("wait %s\n", when);
    while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n')
        continue;
}

static CUresult kernel_run(void)
{
    CUmodule module;
    CUresult result = cuModuleLoadDataEx(&module, host_ptx, 0, NULL, NULL);
    if (result != CUDA_SUCCESS)
        return result;
    result = host_launch(module);
    return result == CUDA_SUCCESS ? cuModuleUnload(module) : result;
}

static CUresult pinned_copy(CUdeviceptr memory)
{
    void *pinned;
    CUresult result = cuMemHostAlloc(&pinned, BYTES, 0);
    if (result != CUDA_SUCCESS)
        return result;
    result = cuMemcpyHtoD_v2(memory, pinned, BYTES);
    if (result == CUDA_SUCCESS)
        result = cuMemcpyDtoH_v2(pinned, memory, BYTES);
    return result == CUDA_SUCCESS ? cuMemFreeHost(pinned) : result;
}

static CUresult memory_use(void)
{
    static char pageable[BYTES];
    CUdeviceptr memory;
    CUresult result = cuMemAlloc_v2(&memory, BYTES);
    if (result != CUDA_SUCCESS)
        return result;
    result = cuMemcpyHtoD_v2(memory, pageable, BYTES);
    if (result == CUDA_SUCCESS)
        result = cuMemcpyDtoH_v2(pageable, memory, BYTES);
    if (result == CUDA_SUCCESS)
        result = pinned_copy(memory);
    return result == CUDA_SUCCESS ? cuMemFree_v2(memory) : result;
}

int main(void)
{
    CUdevice device;
    CUcontext context;
    wait_for_line("idle");
    if (host_say("cuInit", cuInit(0)) || host_say("cuDeviceGet", cuDeviceGet(&device, 0)) ||
        host_say("cuDevicePrimaryCtxRetain", cuDevicePrimaryCtxRetain(&context, device)) ||
        host_say("cuCtxPushCurrent", cuCtxPushCurrent_v2(context)) || used_say("context") ||
        host_say("kernel", kernel_run()) || used_say("kernel") || host_say("memory", memory_use()) ||
        used_say("memory"))
        return 1;
    wait_for_line("end");
    return 0;
}
