/* SPDX-License-Identifier: MIT */
/*
 * Memory: device memory is host memory, so that copies (copy.c) really copy; every pointer is checked against the list
 * of what was allocated, as the hardware would.
 */
#include "simcuda.h"
#include <stdlib.h>
#include <string.h>

struct block {
    struct block *next;
    char *start;
    size_t bytes;
    CUdevice device;
    bool pinned; /* host memory that the driver allocated */
};

static struct block *blocks;

size_t simcuda_memory_used(CUdevice device)
{
    size_t used = 0;
    pthread_mutex_lock(&simcuda_lock);
    for (struct block *block = blocks; block; block = block->next)
        used += !block->pinned && block->device == device ? block->bytes : 0;
    pthread_mutex_unlock(&simcuda_lock);
    return used;
}

static CUresult block_new(void **start, size_t bytes, bool pinned)
{
    CUdevice device = simcuda_context_current()->device;
    if (bytes == 0)
        return SIM_CUDA_ERROR_INVALID_VALUE;
    if (!pinned && simcuda_memory_used(device) + bytes > SIMCUDA_MEMORY_BYTES)
        return SIM_CUDA_ERROR_OUT_OF_MEMORY;
    struct block *block = malloc(sizeof *block);
    void *memory;
    if (!block || posix_memalign(&memory, 512, bytes) != 0) {
        free(block);
        return SIM_CUDA_ERROR_OUT_OF_MEMORY;
    }
    *block = (struct block){.start = memory, .bytes = bytes, .device = device, .pinned = pinned};
    pthread_mutex_lock(&simcuda_lock);
    block->next = blocks;
    blocks = block;
    pthread_mutex_unlock(&simcuda_lock);
    *start = memory;
    return CUDA_SUCCESS;
}

static CUresult block_free(const void *start, bool pinned)
{
    CUresult result = SIM_CUDA_ERROR_INVALID_VALUE;
    pthread_mutex_lock(&simcuda_lock);
    for (struct block **link = &blocks; *link; link = &(*link)->next) {
        struct block *block = *link;
        if (block->start == start && block->pinned == pinned) {
            *link = block->next;
            free(block->start);
            free(block);
            result = CUDA_SUCCESS;
            break;
        }
    }
    pthread_mutex_unlock(&simcuda_lock);
    return result;
}

bool simcuda_memory_find(CUdeviceptr pointer, size_t bytes, struct simcuda_range *range)
{
    const char *start = (const char *)(uintptr_t)pointer;
    bool found = false;
    pthread_mutex_lock(&simcuda_lock);
    for (struct block *block = blocks; block && !found; block = block->next) {
        found = start >= block->start && start + bytes <= block->start + block->bytes;
        *range = (struct simcuda_range){block->start, block->bytes};
    }
    pthread_mutex_unlock(&simcuda_lock);
    return found;
}

CUresult simcuda_memory_new(void **start, size_t bytes)
{
    CUresult result = block_new(start, bytes, false);
    if (!result)
        memset(*start, 0, bytes);
    return result;
}

void simcuda_memory_free(void *start)
{
    block_free(start, false);
}

static void *host(CUdeviceptr pointer)
{
    return (void *)(uintptr_t)pointer;
}

SIMULATED(cuMemAlloc_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUdeviceptr * pointer, size_t bytes), (pointer, bytes))
{
    void *start = NULL;
    CUresult result = block_new(&start, bytes, false);
    if (!result)
        *pointer = (CUdeviceptr)(uintptr_t)start;
    simcuda_call_detail(call, "bytes=%zu pointer=%p", bytes, start);
    return result;
}

SIMULATED(cuMemFree_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUdeviceptr pointer), (pointer))
{
    simcuda_call_detail(call, "pointer=%p", host(pointer));
    return pointer ? block_free(host(pointer), false) : CUDA_SUCCESS;
}

static CUresult pinned_new(struct call *call, void **pointer, size_t bytes)
{
    CUresult result = block_new(pointer, bytes, true);
    simcuda_call_detail(call, "bytes=%zu pointer=%p", bytes, result ? NULL : *pointer);
    return result;
}

SIMULATED(cuMemHostAlloc, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (void **pointer, size_t bytes, unsigned int flags),
          (pointer, bytes, flags))
{
    (void)flags;
    return pinned_new(call, pointer, bytes);
}

SIMULATED(cuMemAllocHost_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (void **pointer, size_t bytes), (pointer, bytes))
{
    return pinned_new(call, pointer, bytes);
}

SIMULATED(cuMemFreeHost, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (void *pointer), (pointer))
{
    simcuda_call_detail(call, "pointer=%p", pointer);
    return block_free(pointer, true);
}

SIMULATED(cuMemGetInfo_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (size_t * unused, size_t *total), (unused, total))
{
    (void)call;
    *total = SIMCUDA_MEMORY_BYTES;
    *unused = SIMCUDA_MEMORY_BYTES - simcuda_memory_used(simcuda_context_current()->device);
    return CUDA_SUCCESS;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the API's */
SIMULATED(cuMemGetAddressRange_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE,
          (CUdeviceptr * base, size_t *bytes, CUdeviceptr pointer), (base, bytes, pointer))
{
    struct simcuda_range range;
    simcuda_call_detail(call, "pointer=%p", host(pointer));
    if (!simcuda_memory_find(pointer, 1, &range))
        return SIM_CUDA_ERROR_NOT_FOUND;
    if (base)
        *base = (CUdeviceptr)(uintptr_t)range.start;
    if (bytes)
        *bytes = range.bytes;
    return CUDA_SUCCESS;
}
