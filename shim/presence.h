/* SPDX-License-Identifier: MIT */
/*
 * Is there a CUDA library in this process (cuda_libraries.def)? Asked at every moment at which a process could be
 * warmed, so it must be cheap where nothing was loaded since, make no system call, and take none of the loader's locks
 * that is held while constructors run.
 */
#ifndef GPUWARM_PRESENCE_H
#define GPUWARM_PRESENCE_H

#include <link.h>
#include <stdbool.h>

/* What the last look found; all zero before the first. */
struct presence {
    const struct link_map *last;         /* the last object of a look without the lock */
    unsigned long long loaded, unloaded; /* how often the loader has done so */
    bool looked;
    bool driver;      /* libcuda.so.1 itself is there */
    char library[64]; /* the first CUDA library; empty when there is none */
};

/* Looks, if anything was loaded or unloaded since the last look. */
bool presence_of_cuda(struct presence *presence);

/* The same without the loader's lock (unlocked.h), from the executable's object on. */
bool presence_unlocked(struct presence *presence, const struct link_map *objects, bool alone);

#endif
