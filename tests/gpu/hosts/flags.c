/* SPDX-License-Identifier: MIT */
/*
 * A program that sets its scheduling flag before its first use of the GPU, resets the device after some work, and
 * works on: on the driver API, what cudaSetDeviceFlags and cudaDeviceReset (flags.cu) rest on.
 */
#include "host.h"

enum { BLOCKING_SYNC = 4 /* CU_CTX_SCHED_BLOCKING_SYNC */, BYTES = 1 << 20 };

static void state_say(const char *when, CUdevice device)
{
    unsigned flags = 0;
    int active = 0;
    CUresult result = cuDevicePrimaryCtxGetState(device, &flags, &active);
    SAY("%s: flags %u active %d (%s)\n", when, flags, active, host_result(result));
}

static void work_say(const char *when, CUdevice device)
{
    static char numbers[BYTES], back[BYTES];
    CUcontext context = NULL;
    CUdeviceptr memory = 0;
    numbers[BYTES - 1] = 42;
    back[BYTES - 1] = 0;
    SAY("%s\n", when);
    if (host_say("cuDevicePrimaryCtxRetain", cuDevicePrimaryCtxRetain(&context, device)) ||
        host_say("cuCtxPushCurrent", cuCtxPushCurrent_v2(context)) ||
        host_say("cuMemAlloc", cuMemAlloc_v2(&memory, BYTES)) ||
        host_say("cuMemcpyHtoD", cuMemcpyHtoD_v2(memory, numbers, BYTES)) ||
        host_say("cuMemcpyDtoH", cuMemcpyDtoH_v2(back, memory, BYTES)) || host_say("cuMemFree", cuMemFree_v2(memory)))
        return;
    SAY("copied %s\n", back[BYTES - 1] == 42 ? "right" : "WRONG");
    host_say("cuCtxPopCurrent", cuCtxPopCurrent_v2(&context));
}

int main(void)
{
    CUdevice device;
    if (host_say("cuInit", cuInit(0)) || host_say("cuDeviceGet", cuDeviceGet(&device, 0)))
        return 1;
    host_say("cuDevicePrimaryCtxSetFlags", cuDevicePrimaryCtxSetFlags_v2(device, BLOCKING_SYNC));
    state_say("flags set", device);
    work_say("first work", device);
    state_say("worked", device);
    host_say("cuDevicePrimaryCtxReset", cuDevicePrimaryCtxReset_v2(device));
    state_say("reset", device);
    work_say("work after the reset", device);
    return 0;
}
