/* SPDX-License-Identifier: MIT */
/* One object that the dynamic loader has mapped, the executable or a shared library: its names, imports and bytes. */
#ifndef GPUWARM_OBJECT_H
#define GPUWARM_OBJECT_H

#include "elf/fatbin.h"
#include <link.h>
#include <stdbool.h>
#include <stdint.h>

enum { OBJECT_SPANS_MAX = 16 };

/* A string of its dynamic section (DT_SONAME, DT_RUNPATH); NULL when it has none. */
const char *object_string(const struct link_map *object, ElfW(Sxword) tag);

/* The nth library that it needs (DT_NEEDED, from 0), without a folder; NULL after the last. */
const char *object_needs(const struct link_map *object, size_t nth);

/* The name under which others need it: its soname, else the name of its file. */
const char *object_name(const struct link_map *object);

/*
 * Which of (up to 32) symbols it imports, a bit for each. Taken from the relocations, which every import has. `symbols`
 * lie one after the other, each with its NUL, and an empty one ends them.
 */
uint32_t object_imports(const struct link_map *object, const char *symbols);

/* What names are looked up in: read once, for several names. */
struct object_tables {
    const struct link_map *object;
    const char *strings;
    size_t strings_size;
    const ElfW(Sym) * symbols;
    const uint32_t *gnu_hash, *hash; /* DT_GNU_HASH and DT_HASH; NULL where there is none */
};

struct object_tables object_tables(const struct link_map *object);

/* The address of a function or variable of this name that the object defines; NULL when it has none. */
void *object_find(const struct object_tables *tables, const char *name);

/* The readable segments that program headers describe, without .bss; how many there are, as far as there is room. */
size_t object_segments(ElfW(Addr) bias, const ElfW(Phdr) * headers, size_t count, struct span spans[OBJECT_SPANS_MAX]);

/* The same of an object; 0 when it is not found. */
size_t object_spans(const struct link_map *object, struct span spans[OBJECT_SPANS_MAX]);

/*
 * Does a shared library carry a fat binary (fatbin.h), as one that nvcc builds with the static runtime does? `may_go`:
 * another thread may unload it meanwhile, and `object` is a copy of its link map. Not found where the relocations are
 * packed (DT_RELR). The executable is looked at in another way: at a fixed address it has no such relocations.
 */
bool object_carries_fat_binary(const struct link_map *object, bool may_go);

/*
 * Where it looks for the libraries that it opens, cut to `size`: the list of DT_RUNPATH or else of DT_RPATH, and which
 * of the two it is. 0: it has neither, or it is gone.
 */
ElfW(Sxword) object_search_list(const struct link_map *object, bool may_go, char *list, size_t size);

#endif
