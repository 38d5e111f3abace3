/* SPDX-License-Identifier: MIT */
/* See libc.h. */
#include "elf/libc.h"
#include "elf/object.h"
#include <string.h>

/* What is looked for; the first object in the loader's order that defines it is the one that all references reach. */
enum { OPEN, SYMBOL, ERROR, CLOSE, AT_FORK, SINGLE_THREADED, ENVIRONMENT, VERSION, NAMES };

static const char names[NAMES][24] = {
    [OPEN] = "dlopen",
    [SYMBOL] = "dlsym",
    [ERROR] = "dlerror",
    [CLOSE] = "dlclose",
    [AT_FORK] = "__register_atfork",
    [SINGLE_THREADED] = "__libc_single_threaded",
    /* The name that glibc itself uses, and that is copied into executables which refer to any of the three. */
    [ENVIRONMENT] = "__environ",
    [VERSION] = "gnu_get_libc_version",
};

bool libc_find(const struct link_map *objects, struct libc *libc)
{
    void *found[NAMES] = {NULL};
    for (; objects; objects = objects->l_next) {
        const struct object_tables tables = object_tables(objects);
        for (int name = 0; name < NAMES; name++)
            if (!found[name])
                found[name] = object_find(&tables, names[name]);
    }
    /* A function pointer is copied from an object pointer, as POSIX has it for dlsym. */
    memset(libc, 0, sizeof *libc);
    memcpy(&libc->at_fork, &found[AT_FORK], sizeof libc->at_fork);
    libc->single_threaded = found[SINGLE_THREADED];
    libc->environment = found[ENVIRONMENT];
    if (found[OPEN] && found[SYMBOL] && found[ERROR] && found[CLOSE]) {
        memcpy(&libc->open, &found[OPEN], sizeof libc->open);
        memcpy(&libc->symbol, &found[SYMBOL], sizeof libc->symbol);
        memcpy(&libc->error, &found[ERROR], sizeof libc->error);
        memcpy(&libc->close, &found[CLOSE], sizeof libc->close);
    }
    return found[VERSION] != NULL;
}
