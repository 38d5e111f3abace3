/* SPDX-License-Identifier: MIT */
/*
 * Embeds kernel.ptx, which stays a file that people and ptxas can read, and the fat binary that nvcc made of it, where
 * make found nvcc (GPUWARM_FAT_BINARY is its path). Paths are from the project's folder, where make runs.
 *
 * The warm-up kernel is one thread that returns. It touches no memory, so it cannot fault and cannot disturb the
 * context; launching it makes the driver do everything that a first launch costs. PTX ISA 4.0 is the first that knows
 * sm_50, and a driver compiles it for any GPU from sm_50 on. This is said here and not there, since that file is in
 * every process.
 *
 * Machine code comes first: PTX needs the driver's compiler, libnvidia-ptxjitcompiler.so.1, which containers often lack
 * (CUDA_ERROR_JIT_COMPILER_NOT_FOUND). A GPU that the fat binary is not for, or a driver that cannot read it, leaves
 * PTX.
 */
#include "cuda/kernel.h"
#include <stddef.h>

/* EMBED(name, file, what follows it) */
#define EMBED(name, file, end)                                                                                         \
    extern const char name[] __attribute__((visibility("hidden")));                                                    \
    __asm__(".section .rodata." #name ", \"a\"\n"                                                                      \
            ".balign 8\n"                                                                                              \
            ".global " #name "\n"                                                                                      \
            ".hidden " #name "\n" #name ":\n"                                                                          \
            ".incbin \"" file "\"\n" end ".previous\n");

EMBED(kernel_ptx, "shim/cuda/kernel.ptx", ".byte 0\n")
#ifdef GPUWARM_FAT_BINARY
EMBED(kernel_fat_binary, GPUWARM_FAT_BINARY, "")
#endif

const void *const kernel_images[] = {
#ifdef GPUWARM_FAT_BINARY
    kernel_fat_binary,
#endif
    kernel_ptx,
    NULL,
};
