/* SPDX-License-Identifier: MIT */
/*
 * Modules, kernels and streams. A kernel is looked up by name in the module's PTX and its launch is recorded; no
 * kernel code runs, so device memory is the same after a launch as before.
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

struct CUmod_st {
    char *ptx; /* NULL: machine code, in which every name is found */
    struct CUfunc_st *functions;
};

struct CUstream_st {
    unsigned flags;
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

/* An image is PTX text, an ELF cubin or a fat binary; anything else is refused as the driver refuses it. */
static CUresult module_load(struct call *call, CUmodule *module, const void *image)
{
    static const unsigned char elf[4] = {0x7f, 'E', 'L', 'F'}, fat[4] = {0x50, 0xed, 0x55, 0xba};
    bool binary = memcmp(image, elf, 4) == 0 || memcmp(image, fat, 4) == 0;
    if (!binary && !strstr(image, ".version"))
        return SIM_CUDA_ERROR_INVALID_IMAGE;
    struct CUmod_st *loaded = calloc(1, sizeof *loaded);
    if (!loaded)
        return SIM_CUDA_ERROR_OUT_OF_MEMORY;
    if (!binary) {
        loaded->ptx = strdup(image);
        cache_write(image);
    }
    simcuda_call_detail(call, "image=%s module=%p", binary ? "binary" : "ptx", (void *)loaded);
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
    (void)option_count, (void)options, (void)values;
    return module_load(call, module, image);
}

/* Does the PTX define an entry of exactly this name? */
static bool ptx_has_entry(const char *ptx, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = ptx; (at = strstr(at, ".entry")); at += 6) {
        const char *found = at + 6 + strspn(at + 6, " \t\r\n");
        if (strncmp(found, name, length) == 0 && strchr(" \t\r\n({", found[length]))
            return true;
    }
    return false;
}

SIMULATED(cuModuleGetFunction, NEED_CONTEXT, SIMCUDA_NO_DEVICE,
          (CUfunction * function, CUmodule module, const char *name), (function, module, name))
{
    simcuda_call_detail(call, "name=%.100s", name);
    if (module->ptx && !ptx_has_entry(module->ptx, name))
        return SIM_CUDA_ERROR_NOT_FOUND;
    struct CUfunc_st *found = calloc(1, sizeof *found);
    if (!found)
        return SIM_CUDA_ERROR_OUT_OF_MEMORY;
    snprintf(found->name, sizeof found->name, "%s", name);
    found->next = module->functions;
    *function = module->functions = found;
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

SIMULATED(cuStreamCreate, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUstream * stream, unsigned int flags), (stream, flags))
{
    struct CUstream_st *created = calloc(1, sizeof *created);
    if (!created)
        return SIM_CUDA_ERROR_OUT_OF_MEMORY;
    created->flags = flags;
    *stream = created;
    simcuda_call_detail(call, "flags=%u stream=%p", flags, (void *)created);
    return CUDA_SUCCESS;
}

SIMULATED(cuStreamSynchronize, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUstream stream), (stream))
{
    (void)call, (void)stream;
    return CUDA_SUCCESS;
}

SIMULATED(cuStreamDestroy_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUstream stream), (stream))
{
    simcuda_call_detail(call, "stream=%p", (void *)stream);
    if (!stream)
        return SIM_CUDA_ERROR_INVALID_HANDLE;
    free(stream);
    return CUDA_SUCCESS;
}
