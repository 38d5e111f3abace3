/* SPDX-License-Identifier: MIT */
/*
 * The file that dlopen(3) would open for a name without a slash, called by an object that has no search list of its own
 * (ld.so(8)), found without opening it as a library: in LD_LIBRARY_PATH, then in the loader's cache. Left out: the
 * executable's DT_RPATH, and the directories that are built into the loader, which the cache covers.
 */
#ifndef GPUWARM_LIBRARY_FILE_H
#define GPUWARM_LIBRARY_FILE_H

#include <stdbool.h>
#include <stddef.h>

enum library_place { LIBRARY_NOWHERE, LIBRARY_IN_PATH, LIBRARY_IN_CACHE };

/* `library_path` is the value of LD_LIBRARY_PATH, or NULL; empty, it is none. Writes the file's path; one that has no
 * room is nowhere. */
enum library_place library_file_find(const char *library_path, const char *name, char *path, size_t size);

#endif
