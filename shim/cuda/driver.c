/* SPDX-License-Identifier: MIT */
/* See driver.h. */
#include "cuda/driver.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static const char library_name[] = "libcuda.so.1";

bool stage_succeeded(struct stage_outcome *outcome, const char *call, CUresult result)
{
    if (result != CUDA_SUCCESS && !outcome->call) {
        outcome->call = call;
        outcome->error = result;
    }
    return result == CUDA_SUCCESS;
}

static void driver_bind(struct driver *driver, const struct libc *libc)
{
    void *function;
    /* A function pointer is copied from the object pointer that dlsym returns, as POSIX has it. */
#define CUDA_API(name, parameters)                                                                                     \
    function = libc->symbol(driver->handle, #name);                                                                    \
    memcpy(&driver->name, &function, sizeof function);                                                                 \
    if (!function)                                                                                                     \
        libc->error();
#include "cuda/cuda_api.def"
#undef CUDA_API
}

/* Before cuInit every other call answers that it has not been made (CUDA Driver API, cuInit). */
static bool is_in_use(const struct driver *driver)
{
    int count;
    return DRIVER_CALL(driver, cuDeviceGetCount, &count) == CUDA_SUCCESS;
}

void stage_driver(struct driver *driver, const struct libc *libc, bool unless_in_use, struct stage_outcome *outcome,
                  char *problem, size_t size)
{
    problem[0] = '\0';
    *driver = (struct driver){.handle = libc->open ? libc->open(library_name, RTLD_NOW | RTLD_LOCAL) : NULL};
    if (driver->handle) {
        driver_bind(driver, libc);
        if (unless_in_use && is_in_use(driver)) {
            snprintf(problem, size, "the program has initialised CUDA itself");
            outcome->result = STAGE_SKIPPED;
            return;
        }
        if (DRIVER_TRY(outcome, driver, cuInit, 0))
            outcome->result = STAGE_OK;
        return;
    }
    /* Asking also clears it, so that the program's dlerror has nothing of ours. */
    const char *error = libc->open ? libc->error() : "dlopen is not in this process";
    snprintf(problem, size, "%s", error ? error : "unknown error");
    stage_succeeded(outcome, library_name, CUDA_ERROR_SHARED_OBJECT_INIT_FAILED);
}

/* One after the other, as texts and numbers that nothing has to be relocated for. */
#define CUDA_TYPE(name, type)
#define CUDA_HANDLE(name, tag)
#define CUDA_VALUE(name, value)
static const char named_texts[] =
#define CUDA_NAMED(name, value) #name "\0"
#include "cuda/cuda_types.def"
    ;
static const short named_values[] = {
#define CUDA_NAMED(name, value) value,
#include "cuda/cuda_types.def"
};
#undef CUDA_TYPE
#undef CUDA_HANDLE
#undef CUDA_VALUE

const char *driver_error_name(const struct driver *driver, CUresult result)
{
    const char *name = NULL, *text = named_texts;
    for (size_t i = 0; i < sizeof named_values / sizeof *named_values; i++, text += strlen(text) + 1)
        if (named_values[i] == (int)result)
            return text;
    if (DRIVER_CALL(driver, cuGetErrorName, result, &name) != CUDA_SUCCESS || !name)
        return "CUDA_ERROR_UNKNOWN";
    return name;
}
