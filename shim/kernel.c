/* SPDX-License-Identifier: MIT */
/*
 * Embeds kernel.ptx, which stays a file that people and ptxas can read. The path is from the project's folder, where
 * make runs.
 */
#include "kernel.h"

__asm__(".section .rodata.kernel_image, \"a\"\n"
        ".balign 8\n"
        ".global kernel_image\n"
        ".hidden kernel_image\n"
        "kernel_image:\n"
        ".incbin \"shim/kernel.ptx\"\n"
        ".byte 0\n"
        ".previous\n");
