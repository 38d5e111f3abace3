/* SPDX-License-Identifier: MIT */
/*
 * Whether the program may find another driver library than we would. DT_RUNPATH counts only for what the object that
 * has it opens, DT_RPATH also for what the libraries open that it has loaded, and before LD_LIBRARY_PATH (ld.so(8)). So
 * where such a list leads to a libcuda.so.1, the program may mean that one; and since ours would be loaded first, it
 * would be given ours instead.
 *
 * Any loaded object may be the one that opens the driver, so the lists of all are looked at. Not seen: a program that
 * opens a driver by its path; one in a directory for newer processors (glibc-hwcaps, $PLATFORM).
 */
#ifndef GPUWARM_RUNPATH_H
#define GPUWARM_RUNPATH_H

#include "elf/loaded.h"

/*
 * Does such a list lead to another libcuda.so.1 than the one that we would be given (library_file.h), and is none
 * loaded yet? Then `path` (of `size` bytes) is where, cut off if need be. `started` is the path that the executable was
 * started by, NULL when unknown; `library_path` the value of LD_LIBRARY_PATH at its start, or NULL. Looks at the file
 * system, only where there is such a list.
 */
bool runpath_has_driver(const struct loaded *loaded, const char *started, const char *library_path, char *path,
                        size_t size);

#endif
