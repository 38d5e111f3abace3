/* SPDX-License-Identifier: MIT */
/*
 * Finding functions and naming results. cuGetProcAddress answers for every name the driver exports, with the newest
 * variant that the asked CUDA version knows. cuGetExportTable answers that there is no such table: what lies behind
 * those tables is how NVIDIA's own libraries authenticate the driver, and this is not NVIDIA's driver.
 */
#include "simcuda.h"
#include <string.h>

/* The functions by address, under names of our own: their prototypes differ and do not matter here. */
#define CUDA_NAME(exported, asked, version, per_thread) extern char address_of_##exported[] __asm__(#exported);
#include "cuda_names.def"
#undef CUDA_NAME

static const struct name {
    const char *exported, *asked;
    void *function;
    int version;
    bool per_thread; /* the variant for per-thread default streams */
} names[] = {
#define CUDA_NAME(exported, asked, version, per_thread) {#exported, asked, address_of_##exported, version, per_thread},
#include "cuda_names.def"
#undef CUDA_NAME
};

static const struct {
    CUresult result;
    const char *name;
} results[] = {
#define CUDA_RESULT(name, value) {value, #name},
#include "cuda_results.def"
#undef CUDA_RESULT
};

enum { FLAG_PER_THREAD_DEFAULT_STREAM = 2, FOUND = 0, NOT_FOUND = 1, VERSION_NOT_SUFFICIENT = 2 };

static CUresult lookup(struct call *call, const char *symbol, void **function, int version, uint64_t flags,
                       CUdriverProcAddressQueryResult *status)
{
    const struct name *best = NULL;
    bool known = false, per_thread = flags & FLAG_PER_THREAD_DEFAULT_STREAM;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct name *name = &names[i];
        if (name->version > simcuda_version || strcmp(name->asked, symbol) != 0 || (name->per_thread && !per_thread))
            continue;
        known = true;
        if (name->version <= version && (!best || name->per_thread > best->per_thread ||
                                         (name->per_thread == best->per_thread && name->version >= best->version)))
            best = name;
    }
    simcuda_call_detail(call, "symbol=%.100s version=%d found=%s", symbol, version, best ? best->exported : "-");
    *function = best ? best->function : NULL;
    if (status)
        *status = best ? FOUND : known ? VERSION_NOT_SUFFICIENT : NOT_FOUND;
    return best ? CUDA_SUCCESS : SIM_CUDA_ERROR_NOT_FOUND;
}

SIMULATED(cuGetProcAddress, NEED_NOTHING, SIMCUDA_NO_DEVICE,
          (const char *symbol, void **function, int version, uint64_t flags), (symbol, function, version, flags))
{
    return lookup(call, symbol, function, version, flags, NULL);
}

SIMULATED(cuGetProcAddress_v2, NEED_NOTHING, SIMCUDA_NO_DEVICE,
          (const char *symbol, void **function, int version, uint64_t flags, CUdriverProcAddressQueryResult *status),
          (symbol, function, version, flags, status))
{
    return lookup(call, symbol, function, version, flags, status);
}

SIMULATED(cuGetExportTable, NEED_NOTHING, SIMCUDA_NO_DEVICE, (const void **table, const CUuuid *id), (table, id))
{
    (void)call, (void)id;
    *table = NULL;
    return SIM_CUDA_ERROR_NOT_FOUND;
}

static CUresult result_name(CUresult result, const char **name)
{
    *name = NULL;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (results[i].result == result)
            *name = results[i].name;
    return *name ? CUDA_SUCCESS : SIM_CUDA_ERROR_INVALID_VALUE;
}

SIMULATED(cuGetErrorName, NEED_NOTHING, SIMCUDA_NO_DEVICE, (CUresult result, const char **name), (result, name))
{
    (void)call;
    return result_name(result, name);
}

/* No prose of the driver's is imitated: the text of a result is its name. */
SIMULATED(cuGetErrorString, NEED_NOTHING, SIMCUDA_NO_DEVICE, (CUresult result, const char **text), (result, text))
{
    (void)call;
    return result_name(result, text);
}
