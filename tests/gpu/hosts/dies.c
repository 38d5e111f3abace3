/* SPDX-License-Identifier: MIT */
/*
 * Uses the GPU step by step and ends in the way and at the step that it is told, or goes through and ends well: what
 * is killed at a random moment, and what leaves in the middle.
 *
 *     dies through | (exit | _exit | fork) STEP       STEP from 0: how many steps are done before
 *
 * `fork`: the parent forks, the child exits at once without using CUDA, and the parent goes on to the end.
 */
#include "host.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { BYTES = 1 << 20 };

static CUcontext context;
static CUmodule module;
static CUdeviceptr memory;
static char pageable[BYTES];

static CUresult step_init(void)
{
    return cuInit(0);
}

static CUresult step_context(void)
{
    CUdevice device;
    CUresult result = cuDeviceGet(&device, 0);
    if (result == CUDA_SUCCESS)
        result = cuDevicePrimaryCtxRetain(&context, device);
    return result == CUDA_SUCCESS ? cuCtxPushCurrent_v2(context) : result;
}

static CUresult step_module(void)
{
    return cuModuleLoadDataEx(&module, host_ptx, 0, NULL, NULL);
}

static CUresult step_launch(void)
{
    return host_launch(module);
}

static CUresult step_allocate(void)
{
    return cuMemAlloc_v2(&memory, BYTES);
}

static CUresult step_copy(void)
{
    CUresult result = cuMemcpyHtoD_v2(memory, pageable, BYTES);
    return result == CUDA_SUCCESS ? cuMemcpyDtoH_v2(pageable, memory, BYTES) : result;
}

static CUresult step_free(void)
{
    return cuMemFree_v2(memory);
}

static void leave(const char *how)
{
    int status;
    SAY("%s\n", how);
    if (strcmp(how, "exit") == 0)
        exit(0); // NOLINT(concurrency-mt-unsafe)
    if (strcmp(how, "_exit") == 0)
        _exit(0);
    pid_t child = fork();
    if (child == 0)
        exit(7); // NOLINT(concurrency-mt-unsafe)
    bool waited = child > 0 && waitpid(child, &status, 0) == child;
    SAY("child %d\n", waited ? status : -1);
}

int main(int argc, char **argv)
{
    static CUresult (*const steps[])(void) = {step_init,     step_context, step_module, step_launch,
                                              step_allocate, step_copy,    step_free};
    enum { STEPS = sizeof steps / sizeof *steps };
    int last = argc > 2 ? atoi(argv[2]) : -1;
    for (int step = 0; step <= STEPS; step++) {
        if (step == last)
            leave(argv[1]);
        if (step < STEPS && (SAY("step %d\n", step), host_say("result", steps[step]())))
            return 1;
    }
    return 0;
}
