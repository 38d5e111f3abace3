/* SPDX-License-Identifier: MIT */
/*
 * The stages on a driver of our own, in which any call can fail or be missing. Whatever goes wrong, the stage must
 * name the first call that did, must not be ok, and must give back what it created. Which calls a stage makes is
 * found by running it once, so a call that is added to a stage is tested without a change here.
 */
#include "cuda/stage.h"
#include "cuda/driver.h"
#include "cuda/kernel.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

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

enum object { STREAM, MODULE, DEVICE_MEMORY, PINNED_MEMORY, OBJECT_COUNT };

/* What destroys an object: where that fails, the object stays. */
static const enum call destroyers[] = {CALL_cuStreamDestroy_v2, CALL_cuModuleUnload, CALL_cuMemFree_v2,
                                       CALL_cuMemFreeHost};
static const char *const object_names[] = {"stream", "module", "device memory", "pinned memory"};

enum { FAILURE = 719 };

static unsigned calls[CALL_COUNT];
static bool failing[CALL_COUNT];
static int alive[OBJECT_COUNT], pinned_copies;
static unsigned refused_images; /* how many of the kernel's are refused before one is taken */

static char stream_object, module_object, function_object, context_object, pinned_bytes[1 << 20];
static const CUdeviceptr device_address = 0x7f0000000000;

#define STREAM_HANDLE   ((CUstream)(void *)&stream_object)
#define MODULE_HANDLE   ((CUmodule)(void *)&module_object)
#define FUNCTION_HANDLE ((CUfunction)(void *)&function_object)
#define CONTEXT_HANDLE  ((CUcontext)(void *)&context_object)

static CUresult called(enum call call)
{
    calls[call]++;
    return failing[call] ? FAILURE : CUDA_SUCCESS;
}

static CUresult created(enum call call, enum object object)
{
    CUresult result = called(call);
    alive[object] += result == CUDA_SUCCESS;
    return result;
}

static CUresult destroyed(enum call call, enum object object)
{
    CUresult result = called(call);
    alive[object] -= result == CUDA_SUCCESS;
    return result;
}

static CUresult fake_retain(CUcontext *context, CUdevice device)
{
    cr_assert_eq(device, 3);
    CUresult result = called(CALL_cuDevicePrimaryCtxRetain);
    if (result == CUDA_SUCCESS)
        *context = CONTEXT_HANDLE;
    return result;
}

static CUresult fake_stream_create(CUstream *stream, unsigned int flags)
{
    cr_assert_eq(flags, CU_STREAM_NON_BLOCKING);
    CUresult result = created(CALL_cuStreamCreate, STREAM);
    if (result == CUDA_SUCCESS)
        *stream = STREAM_HANDLE;
    return result;
}

static CUresult fake_stream_synchronize(CUstream stream)
{
    cr_assert_eq(stream, STREAM_HANDLE);
    return called(CALL_cuStreamSynchronize);
}

static CUresult fake_stream_destroy(CUstream stream)
{
    cr_assert_eq(stream, STREAM_HANDLE);
    return destroyed(CALL_cuStreamDestroy_v2, STREAM);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the driver's signature. */
static CUresult fake_module_load(CUmodule *module, const void *image, unsigned int option_count, CUjit_option *options,
                                 void **option_values)
{
    cr_assert_eq(image, kernel_images[calls[CALL_cuModuleLoadDataEx]]);
    cr_assert(option_count == 0 || (options && option_values));
    if (calls[CALL_cuModuleLoadDataEx] < refused_images)
        return called(CALL_cuModuleLoadDataEx), FAILURE;
    CUresult result = created(CALL_cuModuleLoadDataEx, MODULE);
    if (result == CUDA_SUCCESS)
        *module = MODULE_HANDLE;
    return result;
}

static CUresult fake_module_get_function(CUfunction *function, CUmodule module, const char *name)
{
    cr_assert_eq(module, MODULE_HANDLE);
    cr_assert_str_eq(name, kernel_name);
    CUresult result = called(CALL_cuModuleGetFunction);
    if (result == CUDA_SUCCESS)
        *function = FUNCTION_HANDLE;
    return result;
}

static CUresult fake_module_unload(CUmodule module)
{
    cr_assert_eq(module, MODULE_HANDLE);
    return destroyed(CALL_cuModuleUnload, MODULE);
}

static CUresult fake_launch(CUfunction function, unsigned int grid_x, unsigned int grid_y, unsigned int grid_z,
                            unsigned int block_x, unsigned int block_y, unsigned int block_z, unsigned int shared_bytes,
                            CUstream stream, void **parameters, void **extra)
{
    cr_assert_eq(function, FUNCTION_HANDLE);
    cr_assert_eq(stream, STREAM_HANDLE, "not on the stage's own stream");
    cr_assert_eq(grid_x * grid_y * grid_z * block_x * block_y * block_z, 1, "not one thread");
    cr_assert_eq(shared_bytes, 0);
    cr_assert(!parameters && !extra, "the kernel takes nothing");
    return called(CALL_cuLaunchKernel);
}

static CUresult fake_alloc(CUdeviceptr *pointer, size_t bytes)
{
    cr_assert_eq(bytes, sizeof pinned_bytes);
    CUresult result = created(CALL_cuMemAlloc_v2, DEVICE_MEMORY);
    if (result == CUDA_SUCCESS)
        *pointer = device_address;
    return result;
}

static CUresult fake_free(CUdeviceptr pointer)
{
    cr_assert_eq(pointer, device_address);
    return destroyed(CALL_cuMemFree_v2, DEVICE_MEMORY);
}

static CUresult fake_host_alloc(void **pointer, size_t bytes, unsigned int flags)
{
    cr_assert_eq(bytes, sizeof pinned_bytes);
    cr_assert_eq(flags, 0);
    CUresult result = created(CALL_cuMemHostAlloc, PINNED_MEMORY);
    if (result == CUDA_SUCCESS)
        *pointer = pinned_bytes;
    return result;
}

static CUresult fake_host_free(void *pointer)
{
    cr_assert_eq(pointer, pinned_bytes);
    return destroyed(CALL_cuMemFreeHost, PINNED_MEMORY);
}

static CUresult fake_memset(CUdeviceptr pointer, unsigned char value, size_t bytes, CUstream stream)
{
    cr_assert_eq(pointer, device_address);
    cr_assert_eq(value, 0);
    cr_assert_eq(bytes, sizeof pinned_bytes);
    cr_assert_eq(stream, STREAM_HANDLE);
    return called(CALL_cuMemsetD8Async);
}

/* Host memory is really read and written, so that a copy out of bounds is a crash. */
static unsigned char device_bytes[sizeof pinned_bytes];

static CUresult copied(enum call call, CUdeviceptr address, void *to, const void *from, size_t bytes)
{
    cr_assert_eq(address, device_address);
    cr_assert_eq(bytes, sizeof device_bytes);
    memmove(to, from, bytes);
    return called(call);
}

static CUresult fake_to_device(CUdeviceptr destination, const void *source, size_t bytes)
{
    cr_assert_neq(source, pinned_bytes, "the synchronous copies are for pageable memory");
    return copied(CALL_cuMemcpyHtoD_v2, destination, device_bytes, source, bytes);
}

static CUresult fake_to_host(void *destination, CUdeviceptr source, size_t bytes)
{
    cr_assert_neq(destination, pinned_bytes, "the synchronous copies are for pageable memory");
    return copied(CALL_cuMemcpyDtoH_v2, source, destination, device_bytes, bytes);
}

static CUresult fake_to_device_async(CUdeviceptr destination, const void *source, size_t bytes, CUstream stream)
{
    pinned_copies += source == pinned_bytes;
    cr_assert_eq(stream, STREAM_HANDLE);
    return copied(CALL_cuMemcpyHtoDAsync_v2, destination, device_bytes, source, bytes);
}

static CUresult fake_to_host_async(void *destination, CUdeviceptr source, size_t bytes, CUstream stream)
{
    pinned_copies += destination == pinned_bytes;
    cr_assert_eq(stream, STREAM_HANDLE);
    return copied(CALL_cuMemcpyDtoHAsync_v2, source, destination, device_bytes, bytes);
}

/* What no stage here is to call is missing. */
static struct driver fake_driver(void)
{
    memset(calls, 0, sizeof calls);
    memset(failing, 0, sizeof failing);
    memset(alive, 0, sizeof alive);
    pinned_copies = 0;
    return (struct driver){
        .cuDevicePrimaryCtxRetain = fake_retain,
        .cuStreamCreate = fake_stream_create,
        .cuStreamSynchronize = fake_stream_synchronize,
        .cuStreamDestroy_v2 = fake_stream_destroy,
        .cuModuleLoadDataEx = fake_module_load,
        .cuModuleGetFunction = fake_module_get_function,
        .cuModuleUnload = fake_module_unload,
        .cuLaunchKernel = fake_launch,
        .cuMemAlloc_v2 = fake_alloc,
        .cuMemFree_v2 = fake_free,
        .cuMemHostAlloc = fake_host_alloc,
        .cuMemFreeHost = fake_host_free,
        .cuMemsetD8Async = fake_memset,
        .cuMemcpyHtoD_v2 = fake_to_device,
        .cuMemcpyDtoH_v2 = fake_to_host,
        .cuMemcpyHtoDAsync_v2 = fake_to_device_async,
        .cuMemcpyDtoHAsync_v2 = fake_to_host_async,
    };
}

static void driver_lose(struct driver *driver, enum call call)
{
    int index = 0;
#define CUDA_API(name, parameters)                                                                                     \
    if (index++ == (int)call)                                                                                          \
        driver->name = NULL;
#include "cuda/cuda_api.def"
#undef CUDA_API
}

typedef void stage_function(const struct driver *driver, struct stage_outcome *outcome);

/* All that was created is destroyed, but for what `call` was to destroy. */
static void assert_balance(int call, const char *how)
{
    for (int i = 0; i < OBJECT_COUNT; i++) {
        int wanted = call == (int)destroyers[i];
        cr_assert_eq(alive[i], wanted, "%s: %d of %s left, not %d", how, alive[i], object_names[i], wanted);
    }
}

/* The stage once with all in order; the calls that it makes stay in `made`. Returns how many there are. */
static int run_in_order(stage_function *stage, bool made[CALL_COUNT])
{
    struct driver driver = fake_driver();
    struct stage_outcome outcome = {.result = STAGE_OMITTED};
    int count = 0;
    stage(&driver, &outcome);
    cr_assert_eq(outcome.result, STAGE_OK);
    cr_assert_null(outcome.call, "%s failed", outcome.call);
    cr_assert_eq(outcome.error, CUDA_SUCCESS);
    assert_balance(-1, "in order");
    for (int i = 0; i < CALL_COUNT; i++) {
        made[i] = calls[i] > 0;
        count += made[i];
    }
    return count;
}

/* The stage with one call that fails, or is missing. */
static void run_without(stage_function *stage, enum call call, bool missing)
{
    char how[64];
    struct driver driver = fake_driver();
    struct stage_outcome outcome = {.result = STAGE_OMITTED};
    snprintf(how, sizeof how, "%s %s", call_names[call], missing ? "missing" : "failing");
    failing[call] = !missing;
    if (missing)
        driver_lose(&driver, call);
    stage(&driver, &outcome);
    cr_assert_neq(outcome.result, STAGE_OK, "%s: ok", how);
    cr_assert_not_null(outcome.call, "%s: no call is named", how);
    cr_assert_str_eq(outcome.call, call_names[call], "%s: %s is named", how, outcome.call);
    cr_assert_eq(outcome.error, missing ? CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND : FAILURE, "%s: error %d", how,
                 outcome.error);
    assert_balance((int)call, how);
}

static void run_without_each(stage_function *stage, int at_least)
{
    bool made[CALL_COUNT];
    int count = run_in_order(stage, made);
    cr_assert_geq(count, at_least, "only %d different calls", count);
    for (int i = 0; i < CALL_COUNT; i++)
        for (int missing = 0; made[i] && missing < 2; missing++)
            run_without(stage, (enum call)i, missing);
}

Test(stage, kernel_with_each_call_failing)
{
    run_without_each(stage_kernel, 7);
}

/* At load, where nothing else uses the device, and beside threads of the program that may. */
static void memory_alone(const struct driver *driver, struct stage_outcome *outcome)
{
    stage_memory(driver, true, outcome);
}

static void memory_beside(const struct driver *driver, struct stage_outcome *outcome)
{
    stage_memory(driver, false, outcome);
}

Test(stage, memory_with_each_call_failing)
{
    run_without_each(memory_alone, 12);
}

Test(stage, memory_beside_others_with_each_call_failing)
{
    run_without_each(memory_beside, 10);
}

static void assert_made(const bool made[CALL_COUNT], const enum call *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_assert(made[wanted[i]], "%s was not called", call_names[wanted[i]]);
}

/* What a stage is for is really done. */
Test(stage, kernel_does_its_work)
{
    static const enum call wanted[] = {CALL_cuModuleLoadDataEx, CALL_cuModuleGetFunction, CALL_cuLaunchKernel,
                                       CALL_cuStreamSynchronize};
    bool made[CALL_COUNT];
    run_in_order(stage_kernel, made);
    assert_made(made, wanted, sizeof wanted / sizeof *wanted);
    cr_assert_eq(calls[CALL_cuLaunchKernel], 1);
}

/* Machine code that is not for this GPU, PTX where the compiler is missing: the next image is tried. */
Test(stage, kernel_is_loaded_from_the_first_image_that_is_taken)
{
    unsigned count = 0;
    bool made[CALL_COUNT];
    while (kernel_images[count])
        count++;
    cr_assert_geq(count, 1);
    for (refused_images = 0; refused_images < count; refused_images++) {
        memset(calls, 0, sizeof calls);
        run_in_order(stage_kernel, made);
        cr_assert_eq(calls[CALL_cuModuleLoadDataEx], refused_images + 1);
        cr_assert_eq(calls[CALL_cuLaunchKernel], 1);
    }
}

Test(stage, memory_does_its_work)
{
    static const enum call wanted[] = {CALL_cuMemAlloc_v2,        CALL_cuMemHostAlloc,     CALL_cuMemsetD8Async,
                                       CALL_cuMemcpyHtoD_v2,      CALL_cuMemcpyDtoH_v2,    CALL_cuMemcpyHtoDAsync_v2,
                                       CALL_cuMemcpyDtoHAsync_v2, CALL_cuStreamSynchronize};
    bool made[CALL_COUNT];
    run_in_order(memory_alone, made);
    assert_made(made, wanted, sizeof wanted / sizeof *wanted);
    cr_assert_eq(pinned_copies, 2, "both ways, asynchronously");
}

/* Nothing in the default stream: all that is asked for is asked for with a stream of ours. */
Test(stage, memory_beside_others_stays_in_its_stream)
{
    bool made[CALL_COUNT];
    run_in_order(memory_beside, made);
    cr_assert(made[CALL_cuMemcpyHtoDAsync_v2] && made[CALL_cuMemcpyDtoHAsync_v2]);
    cr_assert_eq(calls[CALL_cuMemcpyHtoDAsync_v2], 2, "pinned and pageable");
    cr_assert_eq(pinned_copies, 2, "both ways");
    cr_assert_not(made[CALL_cuMemcpyHtoD_v2] || made[CALL_cuMemcpyDtoH_v2]);
}

/* Where the clean-up fails too, the report names what went wrong first. */
Test(stage, first_failure_is_named)
{
    struct driver driver = fake_driver();
    struct stage_outcome outcome = {.result = STAGE_OMITTED};
    failing[CALL_cuMemcpyHtoD_v2] = failing[CALL_cuMemFree_v2] = failing[CALL_cuStreamDestroy_v2] = true;
    stage_memory(&driver, true, &outcome);
    cr_assert_neq(outcome.result, STAGE_OK);
    cr_assert_str_eq(outcome.call, "cuMemcpyHtoD_v2");
    cr_assert_eq(alive[PINNED_MEMORY], 0);
    driver = fake_driver();
    outcome = (struct stage_outcome){.result = STAGE_OMITTED};
    failing[CALL_cuLaunchKernel] = failing[CALL_cuModuleUnload] = true;
    stage_kernel(&driver, &outcome);
    cr_assert_neq(outcome.result, STAGE_OK);
    cr_assert_str_eq(outcome.call, "cuLaunchKernel");
    cr_assert_eq(alive[STREAM], 0);
}

/* Everything missing: an older driver, or one that is none. */
Test(stage, driver_without_functions)
{
    struct driver none = {.handle = NULL};
    struct stage_outcome kernel = {.result = STAGE_OMITTED}, memory = kernel, context = kernel;
    CUcontext retained = NULL;
    stage_kernel(&none, &kernel);
    cr_assert_str_eq(kernel.call, "cuStreamCreate");
    cr_assert_neq(kernel.result, STAGE_OK);
    stage_memory(&none, true, &memory);
    cr_assert_str_eq(memory.call, "cuStreamCreate");
    cr_assert_neq(memory.result, STAGE_OK);
    stage_context(&none, 3, &retained, &context);
    cr_assert_str_eq(context.call, "cuDevicePrimaryCtxRetain");
    cr_assert_neq(context.result, STAGE_OK);
    cr_assert_eq(context.error, CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND);
}

Test(stage, context)
{
    struct driver driver = fake_driver();
    struct stage_outcome outcome = {.result = STAGE_OMITTED};
    CUcontext context = NULL;
    stage_context(&driver, 3, &context, &outcome);
    cr_assert_eq(outcome.result, STAGE_OK);
    cr_assert_null(outcome.call);
    cr_assert_eq(context, CONTEXT_HANDLE);
    cr_assert_eq(calls[CALL_cuDevicePrimaryCtxRetain], 1);
    outcome = (struct stage_outcome){.result = STAGE_OMITTED};
    failing[CALL_cuDevicePrimaryCtxRetain] = true;
    stage_context(&driver, 3, &context, &outcome);
    cr_assert_neq(outcome.result, STAGE_OK);
    cr_assert_str_eq(outcome.call, "cuDevicePrimaryCtxRetain");
    cr_assert_eq(outcome.error, FAILURE);
}

Test(stage, names)
{
    static const char *const names[] = {"prefetch", "driver", "context", "kernel", "memory", "libraries"};
    cr_assert_eq(STAGE_COUNT, sizeof names / sizeof *names);
    for (int i = 0; i < STAGE_COUNT; i++)
        cr_assert_str_eq(stage_name((enum stage)i), names[i]);
}

/* A stage comes after those that it needs, and needs what those need. */
Test(stage, needs)
{
    static const unsigned needs[] = {
#define STAGE(name, needed, standard) needed,
#include "policy/stages.def"
#undef STAGE
    };
    for (int i = 0; i < STAGE_COUNT; i++) {
        cr_assert_eq(needs[i] >> i, 0, "%s needs what comes after it", stage_name((enum stage)i));
        for (int j = 0; j < i; j++)
            if (needs[i] & 1u << j)
                cr_assert_eq(needs[j] & ~needs[i], 0, "%s lacks needs of %s", stage_name((enum stage)i),
                             stage_name((enum stage)j));
    }
}
