/* SPDX-License-Identifier: MIT */
/*
 * The C library at hand: which one it is, and the two functions that may be missing from it. Before glibc 2.34
 * dlopen and dlsym live in libdl, which many programs do not load; requiring them, or the version they have in newer
 * glibc, would be a fatal error of the dynamic loader in every program there.
 */
#ifndef GPUWARM_LIBC_H
#define GPUWARM_LIBC_H

#include <stdbool.h>

/* glibc, and not musl (whose loader passes constructors no arguments, among other differences)? */
bool libc_is_glibc(void);

/* Can shared objects be opened in this process? The three below must not be called when they cannot. */
bool libc_can_open(void);

/* dlopen(name, RTLD_NOW | RTLD_LOCAL). NULL when it failed. */
void *libc_open(const char *name);
void *libc_symbol(void *handle, const char *name);
/* Why the last of the two above failed (clears it, so the program's dlerror has nothing of ours); never NULL. */
const char *libc_open_error(void);

#endif
