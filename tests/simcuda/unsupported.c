/* SPDX-License-Identifier: MIT */
/*
 * Every name that the driver exports and nothing here simulates: journalled, and answered with
 * CUDA_ERROR_NOT_SUPPORTED. The definitions are weak, so a file that simulates a function just defines it.
 */
#include "simcuda.h"

#define CUDA_NAME(exported, asked, version, per_thread)                                                                \
    CUresult unsupported_##exported(void) __asm__(#exported) SIMCUDA_EXPORT __attribute__((weak));                     \
    CUresult unsupported_##exported(void)                                                                              \
    {                                                                                                                  \
        struct call call;                                                                                              \
        if (simcuda_call_begin(&call, #exported, NEED_NOTHING, SIMCUDA_NO_DEVICE))                                     \
            call.result = SIM_CUDA_ERROR_NOT_SUPPORTED;                                                                \
        return simcuda_call_end(&call);                                                                                \
    }
#include "cuda_names.def"
