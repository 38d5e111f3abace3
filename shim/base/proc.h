/* SPDX-License-Identifier: MIT */
/* Small files that the kernel makes up: what /proc and /sys tell. */
#ifndef GPUWARM_PROC_H
#define GPUWARM_PROC_H

#include <stddef.h>

/*
 * Reads the start of a file, with a NUL after it: up to `size` - 1 bytes, in one read. How many those are, of which
 * some may be NUL themselves; 0 and an empty string when it cannot be read. May change errno.
 */
size_t proc_read(const char *path, char *text, size_t size);

/* The same of a file of the parent's in /proc ("cmdline"); nothing of a parent in another pid namespace. */
size_t proc_read_of_parent(const char *name, char *text, size_t size);

#endif
