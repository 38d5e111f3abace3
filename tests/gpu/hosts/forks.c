/* SPDX-License-Identifier: MIT */
/*
 * A program that does its GPU work in a forked child, as pools and pre-forking servers do, and touches CUDA nowhere
 * else: which of the child's calls work, and with what error the first of the others fails.
 */
#include "host.h"
#include <sys/wait.h>

static int child_use(void)
{
    CUdevice device;
    CUcontext context;
    CUdeviceptr memory;
    return host_say("cuInit", cuInit(0)) || host_say("cuDeviceGet", cuDeviceGet(&device, 0)) ||
           host_say("cuDevicePrimaryCtxRetain", cuDevicePrimaryCtxRetain(&context, device)) ||
           host_say("cuCtxPushCurrent", cuCtxPushCurrent_v2(context)) ||
           host_say("cuMemAlloc", cuMemAlloc_v2(&memory, 1 << 20)) || host_say("cuMemFree", cuMemFree_v2(memory));
}

int main(void)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(child_use());
    if (child < 0 || waitpid(child, &status, 0) != child)
        return 1;
    SAY("child's status %d\n", status);
    return 0;
}
