/* SPDX-License-Identifier: MIT */
/*
 * The common part of every call: count it, cost what a first call costs, fail when told to, refuse when the real
 * driver would, and leave a line in the journal.
 */
#include "simcuda.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How often each function was called in this process, and on which devices: latency is paid on the first. */
struct counter {
    const char *function;
    unsigned calls;
    uint64_t devices;
};

static struct counter counters[1024];
static pid_t counters_pid;

/* The nth call of this function in this process (from 1); *first: the first on this device, or the first at all. */
static unsigned counter_add(const char *function, int device, bool *first)
{
    pthread_mutex_lock(&simcuda_lock);
    if (counters_pid != getpid()) {
        memset(counters, 0, sizeof counters);
        counters_pid = getpid();
    }
    struct counter *counter = counters;
    while (counter->function && strcmp(counter->function, function) != 0)
        counter++;
    counter->function = function;
    unsigned nth = ++counter->calls;
    bool names_device = device >= 0 && device < SIMCUDA_DEVICES_MAX;
    uint64_t bit = names_device ? (uint64_t)1 << device : 0;
    *first = names_device ? !(counter->devices & bit) : nth == 1;
    counter->devices |= bit;
    pthread_mutex_unlock(&simcuda_lock);
    return nth;
}

static void call_sleep(double ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000),
                            .tv_nsec = (long)((ms - 1000 * (double)(time_t)(ms / 1000)) * 1e6)};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
        ;
}

static CUresult call_refusal(enum need need)
{
    if (need == NEED_NOTHING)
        return CUDA_SUCCESS;
    CUresult state = simcuda_state();
    if (state)
        return state;
    if (!simcuda_is_initialised())
        return SIM_CUDA_ERROR_NOT_INITIALIZED;
    return need == NEED_CONTEXT && !simcuda_context_current() ? SIM_CUDA_ERROR_INVALID_CONTEXT : CUDA_SUCCESS;
}

bool simcuda_call_begin(struct call *call, const char *function, enum need need, int device)
{
    call->function = function;
    call->detail[0] = '\0';
    call->start_ns = simcuda_now_ns();
    bool first;
    unsigned nth = counter_add(function, device, &first);
    int fault = simcuda_fault(function, nth);
    if (fault == FAULT_CRASH)
        raise(SIGSEGV);
    if (fault == FAULT_HANG)
        while (true)
            pause();
    call->result = call_refusal(need);
    double ms = first && !call->result ? simcuda_latency_ms(function) : 0;
    if (ms > 0)
        call_sleep(ms);
    if (!call->result)
        call->result = fault;
    return call->result == CUDA_SUCCESS;
}

void simcuda_call_detail(struct call *call, const char *format, ...)
{
    size_t used = strlen(call->detail);
    if (used && used + 1 < sizeof call->detail)
        call->detail[used++] = ' ';
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call->detail + used, sizeof call->detail - used, format, arguments);
    va_end(arguments);
}

CUresult simcuda_call_end(struct call *call)
{
    simcuda_journal_write(call, simcuda_now_ns());
    return call->result;
}
