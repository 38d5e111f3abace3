/* SPDX-License-Identifier: MIT */
/*
 * The stage `libraries`: CUDA libraries (libraries.def) that the program has loaded are made ready: a handle, one small
 * operation, and the handle destroyed. A library is never loaded by us, and its functions are taken from that very
 * object. Needs libc's dlopen only to hold a library while it is used.
 */
#ifndef GPUWARM_LIBRARY_H
#define GPUWARM_LIBRARY_H

#include "cuda/driver.h"
#include "cuda/stage.h"
#include "elf/libc.h"
#include "elf/loaded.h"
#include <limits.h>

enum {
#define LIBRARY(soname, parts, create, set_stream, operate, destroy, status_name) +1
    LIBRARY_COUNT = 0
#include "cuda/libraries.def"
#undef LIBRARY
};

/* Which of them are in this process, held so that no thread can unload them. */
struct libraries {
    void *held[LIBRARY_COUNT]; /* as dlopen(3) gives it; NULL: not there, or not wanted */
};

/* "libcublas". */
const char *library_name(unsigned library);

/* Finds those that are loaded, but not those in `except` (a bit each). To be closed. */
void libraries_open(struct libraries *libraries, const struct libc *libc, const struct loaded *loaded, unsigned except);

bool libraries_any(const struct libraries *libraries);

/* Gives them back; which they were, a bit each. */
unsigned libraries_close(struct libraries *libraries, const struct libc *libc);

/*
 * The stage, with the device's context current: on those that are held, each with an outcome of its own. It has failed
 * where one of them has; the others are made ready all the same. Nothing is left but what the libraries keep.
 */
void stage_libraries(const struct driver *driver, const struct libraries *libraries,
                     struct stage_outcome outcomes[LIBRARY_COUNT], struct stage_outcome *outcome);

#endif
