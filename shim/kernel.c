/* SPDX-License-Identifier: MIT */
/* Embeds kernel.ptx, which stays a file that people and ptxas can read. The Makefile says where it is. */
#include "kernel.h"

__asm__(".section .rodata.kernel_image, \"a\"\n"
        ".balign 8\n"
        ".global kernel_image\n"
        ".hidden kernel_image\n"
        "kernel_image:\n"
        ".incbin \"" GPUWARM_KERNEL_PTX "\"\n"
        ".byte 0\n"
        ".previous\n");
