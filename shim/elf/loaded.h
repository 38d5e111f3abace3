/* SPDX-License-Identifier: MIT */
/*
 * The objects that the dynamic loader has mapped: what came since the start, whether CUDA is among them, and whose code
 * a call came from.
 *
 * Asked in hooks, also in signal handlers and in children of fork, where the loader's lock may be held for ever (by a
 * thread of the parent that was in dl_iterate_phdr). So that lock is never taken. What was there at the start is never
 * unloaded, and is read as it stands. What came later may be unloaded by another thread meanwhile: unless there is no
 * other thread, it is read in a way in which memory that is gone is no fault (memory.h), which takes system calls.
 */
#ifndef GPUWARM_LOADED_H
#define GPUWARM_LOADED_H

#include "elf/soname.h"
#include <link.h>
#include <stdbool.h>

/* Which CUDA libraries a look has found: those of sonames.def, and any that carries a fat binary. */
struct loaded_cuda {
    bool driver;      /* libcuda.so.1 itself */
    char library[64]; /* the first one; empty: none */
};

struct loaded {
    const struct link_map *first;      /* the executable's object */
    const struct link_map *start_last; /* the last of those that were there at the start */
    const char *single_threaded;       /* glibc's __libc_single_threaded (libc.h); NULL: not known */
    struct loaded_cuda cuda;           /* of the last look */
    const struct link_map *last;       /* the last object of a look that found no CUDA library; NULL: none */
    struct link_map last_was;          /* and what it was then */
};

/*
 * An object and the path that it was loaded from, valid during the call. `may_go`: it is a copy, and what it points to
 * may be gone. false ends the walk.
 */
typedef bool loaded_visit(const struct link_map *object, const char *path, bool may_go, void *argument);

/* Before main: looks at what is there at the start, `first` and what follows. */
void loaded_begin(struct loaded *loaded, const struct link_map *first, const char *single_threaded);

/* Was anything loaded since the start, and is still there? Memory alone is asked. */
bool loaded_more(const struct loaded *loaded);

/*
 * Looks again, if anything was loaded since the start. Is a CUDA library there? After a "no" only what came since is
 * looked at: one system call where that is nothing.
 */
bool loaded_look(struct loaded *loaded);

/*
 * Is the code at this address in a library that has the role? Told by the object that begins nearest before it.
 */
bool loaded_has_code(const struct loaded *loaded, const void *address, enum soname_role role);

/* Goes through all objects, in the loader's order. A path is cut after 511 bytes where it is not read as it stands. */
void loaded_walk(const struct loaded *loaded, loaded_visit *visit, void *argument);

#endif
