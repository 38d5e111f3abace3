/* SPDX-License-Identifier: MIT */
/*
 * See timed.h. The list of calls does not say what the arguments are called, so the functions made from it pass on
 * machine words: as many as the longest call has. Both ABIs that are supported give each integer or pointer a register
 * or eight bytes of stack of its own, and no driver call of ours takes anything else; a callee looks at its own words
 * only.
 */
#include "timed.h"
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#if !defined __x86_64__ && !defined __aarch64__
#error "say how this architecture passes integers and pointers"
#endif

enum call {
#define CUDA_API(name, parameters) CALL_##name,
#include "cuda/cuda_api.def"
#undef CUDA_API
    CALL_COUNT
};

static const char *const call_names[] = {
#define CUDA_API(name, parameters) #name,
#include "cuda/cuda_api.def"
#undef CUDA_API
};

#define PARAMETERS                                                                                                     \
    uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f, uintptr_t g, uintptr_t h,            \
        uintptr_t i, uintptr_t j, uintptr_t k
#define ARGUMENTS a, b, c, d, e, f, g, h, i, j, k

typedef CUresult (*words_function)(PARAMETERS);

static words_function driver_functions[CALL_COUNT];
static struct timed_call calls[TIMED_CALLS_MAX];
static unsigned call_count;

long long timed_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

const struct timed_call *timed_calls(unsigned *count)
{
    *count = call_count;
    return calls;
}

void timed_clear(void)
{
    call_count = 0;
}

static void timed_keep(const char *name, long long ns, long long done, CUresult result)
{
    if (call_count < TIMED_CALLS_MAX)
        calls[call_count++] = (struct timed_call){name, ns, done, result};
}

/* The stream of a call that only asks for work, whose time would else be a share of the next wait; 0 for the others. */
static uintptr_t stream_of(enum call call, uintptr_t fourth, uintptr_t ninth)
{
    switch (call) {
    case CALL_cuMemsetD8Async:
    case CALL_cuMemcpyHtoDAsync_v2:
    case CALL_cuMemcpyDtoHAsync_v2:
        return fourth;
    case CALL_cuLaunchKernel:
        return ninth;
    default:
        return 0;
    }
}

static CUresult timed_pass(enum call call, PARAMETERS)
{
    const words_function wait = driver_functions[CALL_cuStreamSynchronize];
    const uintptr_t stream = stream_of(call, d, i);
    long long start = timed_now();
    CUresult result = driver_functions[call](ARGUMENTS);
    long long returned = timed_now(), done = returned;
    if (stream && wait && result == CUDA_SUCCESS) {
        result = wait(stream, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        done = timed_now();
    }
    timed_keep(call_names[call], returned - start, done - start, result);
    return result;
}

#define CUDA_API(name, parameters)                                                                                     \
    static CUresult timed_##name(PARAMETERS)                                                                           \
    {                                                                                                                  \
        return timed_pass(CALL_##name, ARGUMENTS);                                                                     \
    }
#include "cuda/cuda_api.def"
#undef CUDA_API

static const words_function timed_functions[] = {
#define CUDA_API(name, parameters) timed_##name,
#include "cuda/cuda_api.def"
#undef CUDA_API
};

static void *timed_open(const char *name, int flags)
{
    long long start = timed_now();
    void *handle = dlopen(name, flags);
    long long took = timed_now() - start;
    timed_keep("dlopen", took, took, handle ? CUDA_SUCCESS : CUDA_ERROR_SHARED_OBJECT_INIT_FAILED);
    return handle;
}

/* One binding looks up every function; its look-ups are one entry. */
static void look_up_keep(long long ns)
{
    if (call_count == 0 || strcmp(calls[call_count - 1].name, "dlsym") != 0)
        timed_keep("dlsym", 0, 0, CUDA_SUCCESS);
    calls[call_count - 1].ns += ns;
    calls[call_count - 1].done += ns;
}

static void *timed_symbol(void *handle, const char *name)
{
    long long start = timed_now();
    void *function = dlsym(handle, name);
    look_up_keep(timed_now() - start);
    for (int call = 0; function && call < CALL_COUNT; call++)
        if (strcmp(name, call_names[call]) == 0) {
            memcpy(&driver_functions[call], &function, sizeof function);
            memcpy(&function, &timed_functions[call], sizeof function);
            break;
        }
    return function;
}

struct libc timed_libc(void)
{
    return (struct libc){.open = timed_open, .symbol = timed_symbol, .error = dlerror};
}
