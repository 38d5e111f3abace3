/* SPDX-License-Identifier: MIT */
/*
 * An executable that links no CUDA library and carries a fat binary. Like the static runtime it imports dlopen, without
 * which, before glibc 2.34, nothing in the process could open a driver.
 */
#include "fat_binary.h"
#include <dlfcn.h>
#include <stdio.h>

int main(void)
{
    puts(dlopen(NULL, RTLD_LAZY) ? "fat binary" : "not opened");
    return 0;
}
