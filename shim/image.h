/* SPDX-License-Identifier: MIT */
/*
 * The program's executable as the dynamic loader has mapped it: what it links, imports and contains. Read from memory
 * (program headers from the auxiliary vector, link map from DT_DEBUG): no file is opened and no loader lock taken.
 */
#ifndef GPUWARM_IMAGE_H
#define GPUWARM_IMAGE_H

#include "fatbin.h"
#include <link.h>
#include <stdbool.h>

enum { IMAGE_SPANS_MAX = 16 };

struct image {
    const ElfW(Dyn) * dynamic;
    const struct link_map *maps; /* every loaded object, the executable first */
    struct span data;            /* its last writable segment, without .bss */
    struct span spans[IMAGE_SPANS_MAX];
    size_t span_count; /* its readable segments, without .bss */
    ElfW(Addr) bias;
};

/* Finds the executable of this process. false when it is not laid out as expected: then nothing is known about it. */
bool image_find(struct image *image);

/* The soname of the first CUDA library (cuda_libraries.def) that the executable links, itself or through others. */
const char *image_cuda_library(const struct image *image);

/* Does the executable import a symbol of this name? */
bool image_imports(const struct image *image, const char *symbol);

bool image_has_fat_binary(const struct image *image);

/* Was the object with this dynamic section there before the program started, in front of the C library? */
bool image_preloaded(const struct image *image, const ElfW(Dyn) * dynamic);

/* A string of an object's dynamic section (DT_SONAME, DT_RUNPATH); NULL when it has none. */
const char *image_string(const struct link_map *map, ElfW(Sxword) tag);

/* The name under which others need this object: its soname, else the name of its file. */
const char *image_map_name(const struct link_map *map);

/* Does `soname` match an entry of cuda_libraries.def? Pure. */
bool image_is_cuda_library(const char *soname);

#endif
