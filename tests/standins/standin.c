/* SPDX-License-Identifier: MIT */
/* See standin.h. */
#include "standin.h"
#include "simcuda.h"
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool constructed;

__attribute__((constructor)) static void standin_load(void)
{
    constructed = true;
}

/* Which call of this function it is in this process, from 1. Nobody calls from two threads. */
static unsigned nth_call(const char *function)
{
    static struct {
        const char *function;
        unsigned calls;
    } counters[64];
    unsigned i = 0;
    while (counters[i].function && strcmp(counters[i].function, function) != 0)
        i++;
    counters[i].function = function;
    return ++counters[i].calls;
}

/* As the CUDA runtime in the real ones does: from the driver that the process has, which is not linked. */
static bool has_context(void)
{
    CUcontext context = NULL;
    void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
    CUresult (*get)(CUcontext *) = driver ? (CUresult(*)(CUcontext *))dlsym(driver, "cuCtxGetCurrent") : NULL;
    bool has = get && get(&context) == CUDA_SUCCESS && context;
    if (driver)
        dlclose(driver);
    return has;
}

int standin_call(const char *function, int refused, const char *format, ...)
{
    struct call call = {.function = function, .start_ns = simcuda_now_ns()};
    unsigned nth = nth_call(function);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call.detail, sizeof call.detail, format, arguments);
    va_end(arguments);
    call.result = constructed && has_context() ? simcuda_fault(function, nth) : refused;
    double ms = nth == 1 ? simcuda_latency_ms(function) : 0;
    if (ms > 0)
        nanosleep(&(struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms * 1e6) % 1000000000}, NULL);
    simcuda_journal_write(&call, simcuda_now_ns());
    return call.result;
}

int standin_create(const char *function, int refused, void **handle)
{
    int status = standin_call(function, refused, "%s", "");
    if (status == 0)
        *handle = malloc(1);
    return status;
}

int standin_destroy(const char *function, int refused, void *handle)
{
    free(handle);
    return standin_call(function, refused, "%s", "");
}
