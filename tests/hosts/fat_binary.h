/* SPDX-License-Identifier: MIT */
/*
 * Makes an executable one as nvcc makes them with the static runtime, as far as can be seen from outside: a fat binary
 * and, in .nvFatBinSegment, its wrapper. Layout: shim/elf/fatbin.h.
 */
__asm__(".section .nv_fatbin, \"a\"\n"
        ".balign 8\n"
        "fat_binary:\n"
        ".long 0xba55ed50\n"
        ".short 1, 16\n"
        ".quad 32\n"
        ".zero 32\n"
        ".section .nvFatBinSegment, \"aw\"\n"
        ".balign 8\n"
        ".long 0x466243b1, 1\n"
        ".quad fat_binary\n"
        ".quad 0\n"
        ".text\n");
