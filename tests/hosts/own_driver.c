// link: runpath
/* SPDX-License-Identifier: MIT */
/* A CUDA executable with a RUNPATH to a driver of its own, in the folder "own" beside it; says which one it gets. */
#include "fat_binary.h"
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    struct link_map *map = dlopen("libcuda.so.1", RTLD_NOW);
    const char *folder = map ? strstr(map->l_name, "/own/") : NULL;
    puts(!map ? "no driver" : folder ? "its own driver" : "another driver");
    return 0;
}
