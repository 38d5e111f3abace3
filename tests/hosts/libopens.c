// link: rpath
/* SPDX-License-Identifier: MIT */
/*
 * A CUDA library with an RPATH to a driver of its own, in the directory "own" beside it, which it opens at its first
 * call.
 */
#include "libopens.h"
#include "fat_binary.h"
#include <dlfcn.h>
#include <link.h>
#include <string.h>

const char *opens_driver(void)
{
    struct link_map *map = dlopen("libcuda.so.1", RTLD_NOW);
    return !map ? "no driver" : strstr(map->l_name, "/own/") ? "its own driver" : "another driver";
}
