/* SPDX-License-Identifier: MIT */
/*
 * An executable as nvcc makes them with the static runtime, as far as can be seen from outside: it links no CUDA
 * library, and carries a fat binary with its wrapper in .nvFatBinSegment. Layout: shim/fatbin.h.
 */
#include <stdint.h>
#include <stdio.h>

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

int main(void)
{
    puts("fat binary");
    return 0;
}
