/* SPDX-License-Identifier: MIT */
/* See libc.h. */
#include "libc.h"
#include "object.h"
#include <string.h>

/* The first object in the loader's order that defines the symbol is the one that everybody's references reach. */
static void *symbol_find(const struct link_map *objects, const char *name)
{
    void *address = NULL;
    for (; objects && !address; objects = objects->l_next)
        address = object_symbol(objects, name);
    return address;
}

bool libc_find(const struct link_map *objects, struct libc *libc)
{
    /* A function pointer is copied from an object pointer, as POSIX has it for dlsym. */
    void *open = symbol_find(objects, "dlopen"), *symbol = symbol_find(objects, "dlsym"),
         *error = symbol_find(objects, "dlerror"), *close = symbol_find(objects, "dlclose");
    void *at_fork = symbol_find(objects, "__register_atfork");
    memset(libc, 0, sizeof *libc);
    memcpy(&libc->at_fork, &at_fork, sizeof at_fork);
    libc->single_threaded = symbol_find(objects, "__libc_single_threaded");
    /* The name that glibc itself uses for it, and that is copied into executables which refer to any of the three. */
    libc->environment = symbol_find(objects, "__environ");
    if (open && symbol && error && close) {
        memcpy(&libc->open, &open, sizeof open);
        memcpy(&libc->symbol, &symbol, sizeof symbol);
        memcpy(&libc->error, &error, sizeof error);
        memcpy(&libc->close, &close, sizeof close);
    }
    return symbol_find(objects, "gnu_get_libc_version") != NULL;
}
