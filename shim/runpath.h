/* SPDX-License-Identifier: MIT */
/*
 * Whether the program has a driver library of its own. A RUNPATH counts only for what the object that has it opens
 * (ld.so(8)), so an executable or a CUDA runtime with one may find another libcuda.so.1 than we would; and since ours
 * would be loaded first, the program would be given it instead of its own.
 */
#ifndef GPUWARM_RUNPATH_H
#define GPUWARM_RUNPATH_H

#include "image.h"

/*
 * Is there a libcuda.so.1 in the RUNPATH of the executable or of a CUDA library, and none loaded yet? Then `path` (of
 * `size` bytes) is where, cut off if need be. Looks at the file system, only where there is a RUNPATH.
 */
bool runpath_has_driver(const struct image *image, char *path, size_t size);

/* The same of the executable alone, which is all that may be looked at without a lock once threads run. */
bool runpath_of_executable_has_driver(const struct image *image, char *path, size_t size);

#endif
