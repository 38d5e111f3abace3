/* SPDX-License-Identifier: MIT */
/*
 * The program's executable as the dynamic loader has mapped it, and what it links. Read from memory (program headers
 * from the auxiliary vector, link map from DT_DEBUG): no file is opened.
 */
#ifndef GPUWARM_IMAGE_H
#define GPUWARM_IMAGE_H

#include "base/auxv.h"
#include "elf/object.h"

struct image {
    const struct link_map *maps; /* every loaded object, the executable first */
    struct span data;            /* the executable's last writable segment, without .bss */
    struct span spans[OBJECT_SPANS_MAX];
    size_t span_count;   /* its readable segments, without .bss */
    const char *started; /* the path by which the kernel, or ld.so as a command, started it; NULL when unknown */
};

enum { LINKS_MAX = 128 };

/* How the executable links CUDA. */
struct links {
    const char *library; /* the first CUDA library, or other that carries a fat binary, that it links; NULL when none */
    size_t count;
    const struct link_map
        *objects[LINKS_MAX]; /* the executable, what lies between it and CUDA libraries, what it needs */
    bool too_many;           /* there are more than LINKS_MAX */
};

/* All loaded objects, the executable's first; NULL when that is not laid out as expected. Needs only the vector. */
const struct link_map *image_objects(const struct start *start);

/*
 * Finds the executable of the process that was started so. false when it is not laid out as expected: then nothing is
 * known about it.
 */
bool image_find(const struct start *start, struct image *image);

/*
 * What the executable links. A library that was only preloaded is not linked by anything, and does not make every
 * program a CUDA program. With no CUDA library there is still one object: the executable. `any`: there is a CUDA
 * library at all (loaded.h). Most programs have none, and need no walk.
 */
void image_links(const struct image *image, bool any, struct links *links);

/* Adds all libraries that these need and that have nothing to do with CUDA: they may fork for the program. */
void image_add_needed(const struct image *image, struct links *links);

bool image_has_fat_binary(const struct image *image);

/* Was the object with this dynamic section there before the program started, in front of the C library? */
bool image_preloaded(const struct image *image, const ElfW(Dyn) * dynamic);

#endif
