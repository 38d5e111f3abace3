/* SPDX-License-Identifier: MIT */
/* See driver.h. */
#include "driver.h"
#include "libc.h"
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

static void driver_bind(struct driver *driver)
{
    void *function;
    /* A function pointer is copied from the object pointer that dlsym returns, as POSIX has it. */
#define CUDA_API(name, parameters)                                                                                     \
    function = libc_symbol(driver->handle, #name);                                                                     \
    memcpy(&driver->name, &function, sizeof function);                                                                 \
    if (!function)                                                                                                     \
        libc_open_error();
#include "cuda_api.def"
#undef CUDA_API
}

void stage_driver(struct driver *driver, struct stage_outcome *outcome, char *problem, size_t size)
{
    problem[0] = '\0';
    *driver = (struct driver){.handle = libc_can_open() ? libc_open(library_name) : NULL};
    if (driver->handle) {
        driver_bind(driver);
        if (DRIVER_TRY(outcome, driver, cuInit, 0))
            outcome->result = STAGE_OK;
        return;
    }
    snprintf(problem, size, "%s", libc_can_open() ? libc_open_error() : "dlopen is not in this process");
    stage_succeeded(outcome, library_name, CUDA_ERROR_SHARED_OBJECT_INIT_FAILED);
}

const char *driver_error_name(const struct driver *driver, CUresult result)
{
    const char *name = NULL;
    /* The two that we give ourselves are named without a driver. */
    if (result == CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND)
        return "CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND";
    if (result == CUDA_ERROR_SHARED_OBJECT_INIT_FAILED)
        return "CUDA_ERROR_SHARED_OBJECT_INIT_FAILED";
    if (DRIVER_CALL(driver, cuGetErrorName, result, &name) != CUDA_SUCCESS || !name)
        return "CUDA_ERROR_UNKNOWN";
    return name;
}
