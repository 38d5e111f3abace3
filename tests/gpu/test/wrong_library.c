/* SPDX-License-Identifier: MIT */
/*
 * Libraries in the place of libgpuwarm.so that are wrong in one way each (-DNAME), so that the checks of the kit are
 * seen failing. All but WARMS_NOTHING claim in their report that they warmed. STAGED is not wrong: it claims what it is
 * asked for, the optional stages too, and leaves the rest to the programs that it is used with.
 */
#include "cuda/cuda_abi.h"
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef STAGED
static const char *stages(void)
{
    const char *asked = getenv("GPUWARM_STAGES");
    if (asked && strstr(asked, "prefetch"))
        return "{\"name\":\"prefetch\",\"ms\":3}";
    if (asked && (strstr(asked, "libraries") || strcmp(asked, "all") == 0))
        return "{\"name\":\"driver\",\"ms\":1},"
               "{\"name\":\"libraries\",\"ms\":9,\"entries\":[{\"name\":\"cuBLAS\",\"ms\":5}]}";
    return "{\"name\":\"driver\",\"ms\":1}";
}

static const char *result(void)
{
    const char *trigger = getenv("GPUWARM_TRIGGER");
    return trigger && strcmp(trigger, "off") == 0 ? "skipped" : "warm";
}
#else
#define stages() ""
#define result() "warm"
#endif

#ifndef WARMS_NOTHING
static void claim(void)
{
    const char *path = getenv("GPUWARM_REPORT");
    FILE *report = path ? fopen(path, "w") : NULL;
    if (!report)
        return;
    fprintf(report,
            "{\"result\":\"%s\",\"reason\":\"\",\"total_ms\":1,\"devices\":[{\"name\":\"Simulated GPU "
            "0\",\"stages\":[%s]}]}",
            result(), stages());
    fclose(report);
}
#endif

#define DRIVER(name) ((__typeof__(&name))dlsym(driver, #name))

#if defined LEAVES_CONTEXT || defined KEEPS_MEMORY
static void use(void)
{
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    CUcontext context;
    if (!driver || DRIVER(cuInit)(0) || DRIVER(cuDevicePrimaryCtxRetain)(&context, 0) ||
        DRIVER(cuCtxPushCurrent_v2)(context))
        return;
#ifdef KEEPS_MEMORY
    CUdeviceptr memory;
    DRIVER(cuMemAlloc_v2)(&memory, 2 << 20);
    DRIVER(cuCtxPopCurrent_v2)(&context);
#endif
}
#endif

__attribute__((constructor)) static void load(void)
{
#ifndef WARMS_NOTHING
    claim();
#endif
#if defined LEAVES_CONTEXT || defined KEEPS_MEMORY
    use();
#endif
#ifdef PRINTS
    puts("gpuclient value surprise yes");
    fflush(stdout);
#endif
}

#ifdef CRASHES
__attribute__((destructor)) static void unload(void)
{
    raise(SIGSEGV);
}
#endif

#ifdef HANGS
__attribute__((destructor)) static void unload(void)
{
    for (;;)
        pause();
}
#endif
