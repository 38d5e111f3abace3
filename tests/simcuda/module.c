/* SPDX-License-Identifier: MIT */
/*
 * Modules, kernels and variables. Kernels and variables are looked up by name in the module's PTX, variables
 * begin as zero, and a launch is recorded; no kernel code runs, so device memory is the same after it as before.
 */
#include "simcuda.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct CUfunc_st {
    struct CUfunc_st *next;
    char name[256];
};

struct variable {
    struct variable *next;
    char name[256];
    void *memory;
    size_t bytes;
};

struct CUmod_st {
    char *ptx; /* NULL: machine code, in which every kernel is found and no variable */
    struct CUfunc_st *functions;
    struct variable *variables;
};

/* The driver compiles PTX and keeps the outcome in a cache on disk: CUDA_CACHE_PATH, or .nv/ComputeCache under HOME. */
static void cache_write(const char *ptx)
{
    const char *disabled = getenv("CUDA_CACHE_DISABLE");
    const char *chosen = getenv("CUDA_CACHE_PATH");
    const char *home = getenv("HOME");
    if ((disabled && strcmp(disabled, "1") == 0) || (!chosen && !home))
        return;
    char path[4096];
    if (chosen) {
        snprintf(path, sizeof path, "%s", chosen);
    } else {
        snprintf(path, sizeof path, "%s/.nv", home);
        mkdir(path, 0700);
        snprintf(path, sizeof path, "%s/.nv/ComputeCache", home);
    }
    mkdir(path, 0700);
    size_t used = strlen(path);
    snprintf(path + used, sizeof path - used, "/simulated-%zu", strlen(ptx));
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        ssize_t written = write(fd, "simulated\n", 10);
        (void)written;
        close(fd);
    }
}

/*
 * An image is PTX text, what the linker gave, an ELF cubin or a fat binary; anything else is refused, and what
 * SIMCUDA_FAULT says of its kind: a driver without its compiler refuses PTX, one for another GPU machine code.
 */
static CUresult module_load(struct call *call, CUmodule *module, const void *image)
{
    static const unsigned char elf[4] = {0x7f, 'E', 'L', 'F'}, fat[4] = {0x50, 0xed, 0x55, 0xba};
    const char *linked = simcuda_link_ptx(image);
    bool binary = !linked && (memcmp(image, elf, 4) == 0 || memcmp(image, fat, 4) == 0);
    if (!linked && !binary && !strstr(image, ".version"))
        return SIM_CUDA_ERROR_INVALID_IMAGE;
    const char *kind = linked ? "linked" : binary ? "binary" : "ptx";
    simcuda_call_detail(call, "image=%s", kind);
    int fault = simcuda_fault(kind, 0);
    if (fault > 0)
        return (CUresult)fault;
    struct CUmod_st *loaded = calloc(1, sizeof *loaded);
    if (!loaded)
        return SIM_CUDA_ERROR_OUT_OF_MEMORY;
    if (!binary)
        loaded->ptx = strdup(linked ? linked : image);
    if (!binary && !linked)
        cache_write(image);
    simcuda_call_detail(call, "image=%s module=%p", kind, (void *)loaded);
    *module = loaded;
    return CUDA_SUCCESS;
}

SIMULATED(cuModuleLoadData, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUmodule * module, const void *image), (module, image))
{
    return module_load(call, module, image);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the API's */
SIMULATED(cuModuleLoadDataEx, NEED_CONTEXT, SIMCUDA_NO_DEVICE,
          (CUmodule * module, const void *image, unsigned int option_count, CUjit_option *options, void **values),
          (module, image, option_count, options, values))
{
    simcuda_jit_log(option_count, options, values);
    return module_load(call, module, image);
}

SIMULATED(cuModuleGetFunction, NEED_CONTEXT, SIMCUDA_NO_DEVICE,
          (CUfunction * function, CUmodule module, const char *name), (function, module, name))
{
    simcuda_call_detail(call, "name=%.100s", name);
    if (module->ptx && !simcuda_ptx_has_entry(module->ptx, name))
        return SIM_CUDA_ERROR_NOT_FOUND;
    struct CUfunc_st *found = calloc(1, sizeof *found);
    if (!found)
        return SIM_CUDA_ERROR_OUT_OF_MEMORY;
    snprintf(found->name, sizeof found->name, "%s", name);
    found->next = module->functions;
    *function = module->functions = found;
    return CUDA_SUCCESS;
}

/* Limits and use of a kernel (CUfunction_attribute); all others read 0. */
SIMULATED(cuFuncGetAttribute, NEED_CONTEXT, SIMCUDA_NO_DEVICE,
          (int *value, CUfunction_attribute attribute, CUfunction function), (value, attribute, function))
{
    simcuda_call_detail(call, "attribute=%d", attribute);
    if (!function)
        return SIM_CUDA_ERROR_INVALID_HANDLE;
    *value = attribute == 0 /* MAX_THREADS_PER_BLOCK */ ? 1024 : attribute == 4 /* NUM_REGS */ ? 32 : 0;
    return CUDA_SUCCESS;
}

/* The variable of this name, made when it is first asked for; NULL with *result: there is none, or no memory. */
static struct variable *module_variable(CUmodule module, const char *name, CUresult *result)
{
    struct variable *variable = module->variables;
    while (variable && strcmp(variable->name, name) != 0)
        variable = variable->next;
    if (variable)
        return variable;
    size_t bytes = module->ptx ? simcuda_ptx_variable_bytes(module->ptx, name) : 0;
    *result = bytes ? SIM_CUDA_ERROR_OUT_OF_MEMORY : SIM_CUDA_ERROR_NOT_FOUND;
    variable = bytes ? calloc(1, sizeof *variable) : NULL;
    if (variable && simcuda_memory_new(&variable->memory, bytes) != CUDA_SUCCESS) {
        free(variable);
        variable = NULL;
    }
    if (!variable)
        return NULL;
    snprintf(variable->name, sizeof variable->name, "%s", name);
    variable->bytes = bytes;
    variable->next = module->variables;
    return module->variables = variable;
}

SIMULATED(cuModuleGetGlobal_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE,
          (CUdeviceptr * pointer, size_t *bytes, CUmodule module, const char *name), (pointer, bytes, module, name))
{
    CUresult result = CUDA_SUCCESS;
    const struct variable *variable = module_variable(module, name, &result);
    simcuda_call_detail(call, "name=%.100s bytes=%zu", name, variable ? variable->bytes : 0);
    if (!variable)
        return result;
    if (pointer)
        *pointer = (CUdeviceptr)(uintptr_t)variable->memory;
    if (bytes)
        *bytes = variable->bytes;
    return CUDA_SUCCESS;
}

SIMULATED(cuModuleUnload, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUmodule module), (module))
{
    simcuda_call_detail(call, "module=%p", (void *)module);
    while (module->functions) {
        struct CUfunc_st *next = module->functions->next;
        free(module->functions);
        module->functions = next;
    }
    while (module->variables) {
        struct variable *next = module->variables->next;
        simcuda_memory_free(module->variables->memory);
        free(module->variables);
        module->variables = next;
    }
    free(module->ptx);
    free(module);
    return CUDA_SUCCESS;
}

SIMULATED(cuLaunchKernel, NEED_CONTEXT, SIMCUDA_NO_DEVICE,
          (CUfunction function, unsigned int grid_x, unsigned int grid_y, unsigned int grid_z, unsigned int block_x,
           unsigned int block_y, unsigned int block_z, unsigned int shared_bytes, CUstream stream, void **parameters,
           void **extra),
          (function, grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes, stream, parameters, extra))
{
    (void)shared_bytes, (void)parameters, (void)extra;
    if (!function)
        return SIM_CUDA_ERROR_INVALID_HANDLE;
    simcuda_call_detail(call, "name=%.100s grid=%ux%ux%u block=%ux%ux%u stream=%s", function->name, grid_x, grid_y,
                        grid_z, block_x, block_y, block_z, stream ? "own" : "default");
    if (!grid_x || !grid_y || !grid_z || !block_x || !block_y || !block_z)
        return SIM_CUDA_ERROR_INVALID_VALUE;
    return CUDA_SUCCESS;
}
