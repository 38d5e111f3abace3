/* SPDX-License-Identifier: MIT */
/*
 * The CUDA driver library as this process has it: a table of the functions in cuda_api.def. It is opened as the CUDA
 * runtime opens it, by its soname, and never closed: the program uses the same one.
 */
#ifndef GPUWARM_DRIVER_H
#define GPUWARM_DRIVER_H

#include "cuda/cuda_abi.h"
#include "cuda/stage.h"
#include "elf/libc.h"
#include <stdbool.h>

/* A NULL function is one that this driver lacks. */
struct driver {
    void *handle;
#define CUDA_API(name, parameters) CUresult(*name) parameters;
#include "cuda/cuda_api.def"
#undef CUDA_API
};

/* Calls a function of the table; one that is missing answers CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND. */
#define DRIVER_CALL(driver, name, ...)                                                                                 \
    ((driver)->name ? (driver)->name(__VA_ARGS__) : (CUresult)CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND)

/* The same for a stage: true on success, else the failure is in *outcome. */
#define DRIVER_TRY(outcome, driver, name, ...) stage_succeeded(outcome, #name, DRIVER_CALL(driver, name, __VA_ARGS__))

/* Keeps the first failure. */
bool stage_succeeded(struct stage_outcome *outcome, const char *call, CUresult result);

/*
 * The stage `driver`: opens libcuda.so.1, fills the table, calls cuInit; with `unless_in_use` the stage is skipped
 * where the program has called that already. When the library could not be opened, `problem` (of `size` bytes) says
 * why, else it is empty.
 */
void stage_driver(struct driver *driver, const struct libc *libc, bool unless_in_use, struct stage_outcome *outcome,
                  char *problem, size_t size);

/* The result's name ("CUDA_ERROR_OUT_OF_MEMORY"), a string that lives as long as the process; never NULL. */
const char *driver_error_name(const struct driver *driver, CUresult result);

#endif
