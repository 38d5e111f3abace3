/* SPDX-License-Identifier: MIT */
/* See stage.h. The stage `driver` is in driver.c: it makes the table that these use. */
#include "cuda/stage.h"
#include "cuda/driver.h"
#include "cuda/kernel.h"
#include <sys/mman.h>

const char *stage_name(enum stage stage)
{
    static const char names[][12] = {
#define STAGE(name, needs, standard) #name,
#include "policy/stages.def"
#undef STAGE
    };
    return names[stage];
}

void stage_context(const struct driver *driver, CUdevice device, CUcontext *context, struct stage_outcome *outcome)
{
    if (DRIVER_TRY(outcome, driver, cuDevicePrimaryCtxRetain, context, device))
        outcome->result = STAGE_OK;
}

/* The first image that the driver takes; it is the last one's error that counts. */
static bool kernel_load(const struct driver *driver, CUmodule *module, struct stage_outcome *outcome)
{
    CUresult result = CUDA_SUCCESS;
    for (const void *const *image = kernel_images; *image; image++) {
        result = DRIVER_CALL(driver, cuModuleLoadDataEx, module, *image, 0, NULL, NULL);
        if (result == CUDA_SUCCESS)
            break;
    }
    return stage_succeeded(outcome, "cuModuleLoadDataEx", result);
}

static bool kernel_run(const struct driver *driver, CUstream stream, struct stage_outcome *outcome)
{
    CUmodule module = NULL;
    CUfunction function = NULL;
    if (!kernel_load(driver, &module, outcome))
        return false;
    bool ran = DRIVER_TRY(outcome, driver, cuModuleGetFunction, &function, module, kernel_name) &&
               DRIVER_TRY(outcome, driver, cuLaunchKernel, function, 1, 1, 1, 1, 1, 1, 0, stream, NULL, NULL) &&
               DRIVER_TRY(outcome, driver, cuStreamSynchronize, stream);
    return DRIVER_TRY(outcome, driver, cuModuleUnload, module) && ran;
}

void stage_kernel(const struct driver *driver, struct stage_outcome *outcome)
{
    CUstream stream = NULL;
    if (!DRIVER_TRY(outcome, driver, cuStreamCreate, &stream, CU_STREAM_NON_BLOCKING))
        return;
    bool ran = kernel_run(driver, stream, outcome);
    if (DRIVER_TRY(outcome, driver, cuStreamDestroy_v2, stream) && ran)
        outcome->result = STAGE_OK;
}

/*
 * How much is copied. Pageable copies of more than 64 KiB go through the driver's staging buffers, which are part of
 * what a first copy costs (CUDA Driver API, API synchronization behavior); 1 MiB is well above that.
 */
enum { SCRATCH_BYTES = 1 << 20 };

/* What a memory stage works with. */
struct scratch {
    CUstream stream;
    bool alone;
    void *pageable, *pinned;
    CUdeviceptr memory;
};

/* With the synchronous calls where that is allowed, because those are what a program's first copy is. */
static bool memory_copy_pageable(const struct driver *driver, const struct scratch *scratch,
                                 struct stage_outcome *outcome)
{
    if (scratch->alone)
        return DRIVER_TRY(outcome, driver, cuMemcpyHtoD_v2, scratch->memory, scratch->pageable, SCRATCH_BYTES) &&
               DRIVER_TRY(outcome, driver, cuMemcpyDtoH_v2, scratch->pageable, scratch->memory, SCRATCH_BYTES);
    return DRIVER_TRY(outcome, driver, cuMemcpyHtoDAsync_v2, scratch->memory, scratch->pageable, SCRATCH_BYTES,
                      scratch->stream) &&
           DRIVER_TRY(outcome, driver, cuMemcpyDtoHAsync_v2, scratch->pageable, scratch->memory, SCRATCH_BYTES,
                      scratch->stream) &&
           DRIVER_TRY(outcome, driver, cuStreamSynchronize, scratch->stream);
}

static bool memory_copy(const struct driver *driver, const struct scratch *scratch, struct stage_outcome *outcome)
{
    const CUstream stream = scratch->stream;
    const CUdeviceptr memory = scratch->memory;
    void *pinned = scratch->pinned;
    return DRIVER_TRY(outcome, driver, cuMemsetD8Async, memory, 0, SCRATCH_BYTES, stream) &&
           DRIVER_TRY(outcome, driver, cuMemcpyDtoHAsync_v2, pinned, memory, SCRATCH_BYTES, stream) &&
           DRIVER_TRY(outcome, driver, cuMemcpyHtoDAsync_v2, memory, pinned, SCRATCH_BYTES, stream) &&
           DRIVER_TRY(outcome, driver, cuStreamSynchronize, stream) && memory_copy_pageable(driver, scratch, outcome);
}

static bool memory_pinned(const struct driver *driver, struct scratch *scratch, struct stage_outcome *outcome)
{
    if (!DRIVER_TRY(outcome, driver, cuMemHostAlloc, &scratch->pinned, SCRATCH_BYTES, 0))
        return false;
    bool copied = memory_copy(driver, scratch, outcome);
    return DRIVER_TRY(outcome, driver, cuMemFreeHost, scratch->pinned) && copied;
}

static bool memory_device(const struct driver *driver, struct scratch *scratch, struct stage_outcome *outcome)
{
    if (!DRIVER_TRY(outcome, driver, cuMemAlloc_v2, &scratch->memory, SCRATCH_BYTES))
        return false;
    bool copied = memory_pinned(driver, scratch, outcome);
    return DRIVER_TRY(outcome, driver, cuMemFree_v2, scratch->memory) && copied;
}

void stage_memory(const struct driver *driver, bool alone, struct stage_outcome *outcome)
{
    struct scratch scratch = {.alone = alone};
    if (!DRIVER_TRY(outcome, driver, cuStreamCreate, &scratch.stream, CU_STREAM_NON_BLOCKING))
        return;
    /* From the kernel, not from the program's heap, which may be another library's and not ready before main; and all
     * its pages at once, since every one would be faulted in by the copies. */
    scratch.pageable =
        mmap(NULL, SCRATCH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    bool copied = false;
    if (scratch.pageable != MAP_FAILED) {
        copied = memory_device(driver, &scratch, outcome);
        munmap(scratch.pageable, SCRATCH_BYTES);
    } else {
        stage_succeeded(outcome, "mmap", CUDA_ERROR_OUT_OF_MEMORY);
    }
    if (DRIVER_TRY(outcome, driver, cuStreamDestroy_v2, scratch.stream) && copied)
        outcome->result = STAGE_OK;
}
