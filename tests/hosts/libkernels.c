/* SPDX-License-Identifier: MIT */
/*
 * A library as nvcc builds one with the static runtime: it links no CUDA library, carries a fat binary, and opens the
 * driver at its first call.
 */
#include "libkernels.h"
#include "fat_binary.h"
#include <dlfcn.h>
#include <stddef.h>

int kernels_run(void)
{
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    int (*init)(unsigned) = driver ? (int (*)(unsigned))dlsym(driver, "cuInit") : NULL;
    return init ? init(0) : -1;
}
