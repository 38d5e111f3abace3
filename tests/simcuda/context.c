/* SPDX-License-Identifier: MIT */
/* Contexts: all that there are, those that programs create, and each thread's own stack of current contexts. */
#include "simcuda.h"
#include <stdlib.h>

enum { STACK_MAX = 64 };

static CUcontext contexts; /* every live one */
static __thread CUcontext stack[STACK_MAX];
static __thread unsigned stack_depth;

bool simcuda_context_valid(CUcontext context)
{
    pthread_mutex_lock(&simcuda_lock);
    CUcontext known = contexts;
    while (known && known != context)
        known = known->next;
    pthread_mutex_unlock(&simcuda_lock);
    return known != NULL;
}

CUcontext simcuda_context_current(void)
{
    CUcontext context = stack_depth ? stack[stack_depth - 1] : NULL;
    return context && simcuda_context_valid(context) ? context : NULL;
}

CUcontext simcuda_context_new(CUdevice device, unsigned flags, bool primary)
{
    CUcontext context = calloc(1, sizeof *context);
    if (!context)
        return NULL;
    *context = (struct CUctx_st){.next = contexts, .device = device, .flags = flags, .primary = primary};
    contexts = context;
    return context;
}

void simcuda_context_drop(CUcontext context)
{
    for (CUcontext *link = &contexts; *link; link = &(*link)->next)
        if (*link == context) {
            *link = context->next;
            free(context);
            return;
        }
}

SIMULATED(cuCtxCreate_v2, NEED_INIT, device, (CUcontext * context, unsigned int flags, CUdevice device),
          (context, flags, device))
{
    simcuda_call_detail(call, "device=%d flags=%u", device, flags);
    if (!simcuda_device_valid(device))
        return SIM_CUDA_ERROR_INVALID_DEVICE;
    if (!simcuda_exclusive_take(simcuda_visible_device(device)))
        return SIM_CUDA_ERROR_DEVICE_UNAVAILABLE;
    pthread_mutex_lock(&simcuda_lock);
    CUcontext created = simcuda_context_new(device, flags, false);
    pthread_mutex_unlock(&simcuda_lock);
    if (!created || stack_depth == STACK_MAX)
        return SIM_CUDA_ERROR_OUT_OF_MEMORY;
    stack[stack_depth++] = *context = created;
    return CUDA_SUCCESS;
}

SIMULATED(cuCtxDestroy_v2, NEED_INIT, SIMCUDA_NO_DEVICE, (CUcontext context), (context))
{
    (void)call;
    if (!simcuda_context_valid(context) || context->primary)
        return SIM_CUDA_ERROR_INVALID_CONTEXT;
    if (stack_depth && stack[stack_depth - 1] == context)
        stack_depth--;
    pthread_mutex_lock(&simcuda_lock);
    simcuda_context_drop(context);
    pthread_mutex_unlock(&simcuda_lock);
    return CUDA_SUCCESS;
}

SIMULATED(cuCtxPushCurrent_v2, NEED_INIT, SIMCUDA_NO_DEVICE, (CUcontext context), (context))
{
    (void)call;
    if (!simcuda_context_valid(context) || stack_depth == STACK_MAX)
        return SIM_CUDA_ERROR_INVALID_CONTEXT;
    stack[stack_depth++] = context;
    return CUDA_SUCCESS;
}

SIMULATED(cuCtxPopCurrent_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUcontext * context), (context))
{
    (void)call;
    CUcontext popped = stack[--stack_depth];
    if (context)
        *context = popped;
    return CUDA_SUCCESS;
}

SIMULATED(cuCtxSetCurrent, NEED_INIT, SIMCUDA_NO_DEVICE, (CUcontext context), (context))
{
    (void)call;
    if (context && !simcuda_context_valid(context))
        return SIM_CUDA_ERROR_INVALID_CONTEXT;
    if (stack_depth)
        stack_depth--;
    if (context)
        stack[stack_depth++] = context;
    return CUDA_SUCCESS;
}

SIMULATED(cuCtxGetCurrent, NEED_INIT, SIMCUDA_NO_DEVICE, (CUcontext * context), (context))
{
    (void)call;
    *context = simcuda_context_current();
    return CUDA_SUCCESS;
}

SIMULATED(cuCtxGetDevice, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUdevice * device), (device))
{
    (void)call;
    CUcontext current = simcuda_context_current();
    if (!current)
        return SIM_CUDA_ERROR_INVALID_CONTEXT; /* another thread has just destroyed it */
    *device = current->device;
    return CUDA_SUCCESS;
}

SIMULATED(cuCtxGetFlags, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (unsigned int *flags), (flags))
{
    (void)call;
    CUcontext current = simcuda_context_current();
    if (!current)
        return SIM_CUDA_ERROR_INVALID_CONTEXT;
    *flags = current->flags;
    return CUDA_SUCCESS;
}

SIMULATED_0(cuCtxSynchronize, NEED_CONTEXT)
{
    (void)call;
    return CUDA_SUCCESS;
}
