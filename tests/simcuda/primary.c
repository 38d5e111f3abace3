/* SPDX-License-Identifier: MIT */
/*
 * The primary context of each device: retained, released, reset; its flags are kept and reported. The functions of
 * which CUDA 11 made a second variant are there in both: programs that open the driver by hand (ffmpeg) use the older.
 */
#include "simcuda.h"

static struct {
    CUcontext context; /* NULL: not active */
    unsigned retained;
    unsigned flags;
} primaries[SIMCUDA_DEVICES_MAX];

SIMULATED(cuDevicePrimaryCtxRetain, NEED_INIT, device, (CUcontext * context, CUdevice device), (context, device))
{
    simcuda_call_detail(call, "device=%d", device);
    if (!simcuda_device_valid(device))
        return SIM_CUDA_ERROR_INVALID_DEVICE;
    if (!simcuda_exclusive_take(simcuda_visible_device(device)))
        return SIM_CUDA_ERROR_DEVICE_UNAVAILABLE;
    pthread_mutex_lock(&simcuda_lock);
    if (!primaries[device].context)
        primaries[device].context = simcuda_context_new(device, primaries[device].flags, true);
    primaries[device].retained += primaries[device].context != NULL;
    *context = primaries[device].context;
    pthread_mutex_unlock(&simcuda_lock);
    return *context ? CUDA_SUCCESS : SIM_CUDA_ERROR_OUT_OF_MEMORY;
}

static void primary_destroy(CUdevice device)
{
    if (primaries[device].context)
        simcuda_context_drop(primaries[device].context);
    primaries[device].context = NULL;
    primaries[device].retained = 0;
}

static CUresult primary_release(struct call *call, CUdevice device)
{
    simcuda_call_detail(call, "device=%d", device);
    if (!simcuda_device_valid(device) || !primaries[device].context)
        return SIM_CUDA_ERROR_INVALID_CONTEXT;
    pthread_mutex_lock(&simcuda_lock);
    if (--primaries[device].retained == 0)
        primary_destroy(device);
    pthread_mutex_unlock(&simcuda_lock);
    return CUDA_SUCCESS;
}

SIMULATED(cuDevicePrimaryCtxRelease, NEED_INIT, device, (CUdevice device), (device))
{
    return primary_release(call, device);
}

SIMULATED(cuDevicePrimaryCtxRelease_v2, NEED_INIT, device, (CUdevice device), (device))
{
    return primary_release(call, device);
}

static CUresult primary_reset(struct call *call, CUdevice device)
{
    simcuda_call_detail(call, "device=%d", device);
    if (!simcuda_device_valid(device))
        return SIM_CUDA_ERROR_INVALID_DEVICE;
    pthread_mutex_lock(&simcuda_lock);
    primary_destroy(device);
    pthread_mutex_unlock(&simcuda_lock);
    return CUDA_SUCCESS;
}

SIMULATED(cuDevicePrimaryCtxReset, NEED_INIT, device, (CUdevice device), (device))
{
    return primary_reset(call, device);
}

SIMULATED(cuDevicePrimaryCtxReset_v2, NEED_INIT, device, (CUdevice device), (device))
{
    return primary_reset(call, device);
}

static CUresult primary_flags_set(struct call *call, CUdevice device, unsigned int flags, bool also_active)
{
    simcuda_call_detail(call, "device=%d flags=%u", device, flags);
    if (!simcuda_device_valid(device))
        return SIM_CUDA_ERROR_INVALID_DEVICE;
    if (primaries[device].context && !also_active)
        return SIM_CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE;
    primaries[device].flags = flags;
    if (primaries[device].context)
        primaries[device].context->flags = flags;
    return CUDA_SUCCESS;
}

/* As documented before CUDA 11; that today's drivers still refuse under the older name is assumed. */
SIMULATED(cuDevicePrimaryCtxSetFlags, NEED_INIT, device, (CUdevice device, unsigned int flags), (device, flags))
{
    return primary_flags_set(call, device, flags, false);
}

SIMULATED(cuDevicePrimaryCtxSetFlags_v2, NEED_INIT, device, (CUdevice device, unsigned int flags), (device, flags))
{
    return primary_flags_set(call, device, flags, true);
}

SIMULATED(cuDevicePrimaryCtxGetState, NEED_INIT, device, (CUdevice device, unsigned int *flags, int *active),
          (device, flags, active))
{
    simcuda_call_detail(call, "device=%d", device);
    if (!simcuda_device_valid(device))
        return SIM_CUDA_ERROR_INVALID_DEVICE;
    *flags = primaries[device].flags;
    *active = primaries[device].context != NULL;
    return CUDA_SUCCESS;
}
