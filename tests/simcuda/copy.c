/* SPDX-License-Identifier: MIT */
/*
 * Copies and fills. They are done when the call returns, also those that are asynchronous on a GPU; memory that the
 * driver did not allocate is refused, and so is a byte past the end.
 */
#include "simcuda.h"
#include <string.h>

static bool holds(CUdeviceptr pointer, size_t bytes)
{
    struct simcuda_range range;
    return simcuda_memory_find(pointer, bytes, &range);
}

static void *host(CUdeviceptr pointer)
{
    return (void *)(uintptr_t)pointer;
}

static CUresult copy(struct call *call, void *to, const void *from, size_t bytes, bool bounds)
{
    simcuda_call_detail(call, "bytes=%zu", bytes);
    if (!bounds)
        return SIM_CUDA_ERROR_INVALID_VALUE;
    memcpy(to, from, bytes);
    return CUDA_SUCCESS;
}

SIMULATED(cuMemcpyHtoD_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUdeviceptr to, const void *from, size_t bytes),
          (to, from, bytes))
{
    return copy(call, host(to), from, bytes, holds(to, bytes));
}

SIMULATED(cuMemcpyDtoH_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (void *to, CUdeviceptr from, size_t bytes),
          (to, from, bytes))
{
    return copy(call, to, host(from), bytes, holds(from, bytes));
}

SIMULATED(cuMemcpyDtoD_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUdeviceptr to, CUdeviceptr from, size_t bytes),
          (to, from, bytes))
{
    return copy(call, host(to), host(from), bytes, holds(to, bytes) && holds(from, bytes));
}

SIMULATED(cuMemcpyHtoDAsync_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE,
          (CUdeviceptr to, const void *from, size_t bytes, CUstream stream), (to, from, bytes, stream))
{
    (void)stream;
    return copy(call, host(to), from, bytes, holds(to, bytes));
}

SIMULATED(cuMemcpyDtoHAsync_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE,
          (void *to, CUdeviceptr from, size_t bytes, CUstream stream), (to, from, bytes, stream))
{
    (void)stream;
    return copy(call, to, host(from), bytes, holds(from, bytes));
}

SIMULATED(cuMemcpyDtoDAsync_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE,
          (CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream), (to, from, bytes, stream))
{
    (void)stream;
    return copy(call, host(to), host(from), bytes, holds(to, bytes) && holds(from, bytes));
}

static CUresult fill(struct call *call, CUdeviceptr pointer, unsigned char value, size_t bytes)
{
    simcuda_call_detail(call, "bytes=%zu", bytes);
    if (!holds(pointer, bytes))
        return SIM_CUDA_ERROR_INVALID_VALUE;
    memset(host(pointer), value, bytes);
    return CUDA_SUCCESS;
}

SIMULATED(cuMemsetD8_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUdeviceptr pointer, unsigned char value, size_t bytes),
          (pointer, value, bytes))
{
    return fill(call, pointer, value, bytes);
}

SIMULATED(cuMemsetD8Async, NEED_CONTEXT, SIMCUDA_NO_DEVICE,
          (CUdeviceptr pointer, unsigned char value, size_t bytes, CUstream stream), (pointer, value, bytes, stream))
{
    (void)stream;
    return fill(call, pointer, value, bytes);
}

/* CUDA_MEMCPY2D_v2 of the CUDA Driver API: the place that is copied from, the place that is copied to, and how much. */
struct place {
    size_t x_bytes, y;
    int type;
    void *host;
    CUdeviceptr device;
    void *array;
    size_t pitch_bytes;
};
struct copy_2d {
    struct place from, to;
    size_t width_bytes, height;
};
enum { TYPE_HOST = 1, TYPE_DEVICE = 2, TYPE_UNIFIED = 4 };

/* Where the first row begins. Arrays are not simulated. */
static CUresult place_start(const struct place *place, size_t width_bytes, size_t height, char **start)
{
    size_t offset = place->y * place->pitch_bytes + place->x_bytes;
    size_t bytes = (height - 1) * place->pitch_bytes + width_bytes;
    if (height > 1 && place->pitch_bytes < place->x_bytes + width_bytes)
        return SIM_CUDA_ERROR_INVALID_VALUE;
    if (place->type == TYPE_HOST)
        *start = (char *)place->host + offset;
    else if (place->type == TYPE_DEVICE || place->type == TYPE_UNIFIED)
        *start = (char *)host(place->device) + offset;
    else
        return SIM_CUDA_ERROR_NOT_SUPPORTED;
    return place->type != TYPE_DEVICE || holds(place->device + offset, bytes) ? CUDA_SUCCESS
                                                                              : SIM_CUDA_ERROR_INVALID_VALUE;
}

static CUresult copy_rows(struct call *call, const struct copy_2d *wanted)
{
    char *from, *to;
    simcuda_call_detail(call, "width=%zu height=%zu", wanted->width_bytes, wanted->height);
    if (!wanted->width_bytes || !wanted->height)
        return CUDA_SUCCESS;
    CUresult result = place_start(&wanted->from, wanted->width_bytes, wanted->height, &from);
    if (!result)
        result = place_start(&wanted->to, wanted->width_bytes, wanted->height, &to);
    for (size_t row = 0; !result && row < wanted->height; row++)
        memcpy(to + row * wanted->to.pitch_bytes, from + row * wanted->from.pitch_bytes, wanted->width_bytes);
    return result;
}

SIMULATED(cuMemcpy2D_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (const struct copy_2d *wanted), (wanted))
{
    return copy_rows(call, wanted);
}

SIMULATED(cuMemcpy2DUnaligned_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (const struct copy_2d *wanted), (wanted))
{
    return copy_rows(call, wanted);
}

SIMULATED(cuMemcpy2DAsync_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (const struct copy_2d *wanted, CUstream stream),
          (wanted, stream))
{
    (void)stream;
    return copy_rows(call, wanted);
}
