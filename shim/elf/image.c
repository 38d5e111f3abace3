/* SPDX-License-Identifier: MIT */
/* See image.h. */
#include "elf/image.h"
#include "base/text.h"
#include "elf/soname.h"
#include <string.h>

/* The executable's dynamic section, and in image->data its last writable segment. */
static const ElfW(Dyn) *
    image_read_headers(struct image *image, ElfW(Addr) bias, const ElfW(Phdr) * headers, size_t count)
{
    const ElfW(Dyn) *dynamic = NULL;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *start = (const unsigned char *)(bias + headers[i].p_vaddr);
        if (headers[i].p_type == PT_DYNAMIC)
            dynamic = (const ElfW(Dyn) *)(const void *)start;
        if (headers[i].p_type == PT_LOAD && headers[i].p_flags & PF_R && headers[i].p_flags & PF_W)
            image->data = (struct span){start, headers[i].p_filesz};
    }
    return dynamic;
}

static const struct link_map *link_maps(const ElfW(Dyn) * dynamic)
{
    for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++)
        if (dynamic->d_tag == DT_DEBUG && dynamic->d_un.d_ptr)
            return ((const struct r_debug *)dynamic->d_un.d_ptr)->r_map;
    return NULL;
}

bool image_find(const struct start *start, struct image *image)
{
    *image = (struct image){.started = (const char *)auxv_value(start, AT_EXECFN)};
    const ElfW(Phdr) *headers = (const ElfW(Phdr) *)auxv_value(start, AT_PHDR);
    size_t count = auxv_value(start, AT_PHNUM), self = 0;
    if (!headers || auxv_value(start, AT_PHENT) != sizeof *headers)
        return false;
    while (self < count && headers[self].p_type != PT_PHDR)
        self++;
    if (self == count)
        return false;
    ElfW(Addr) bias = (ElfW(Addr))headers - headers[self].p_vaddr;
    image->span_count = object_segments(bias, headers, count, image->spans);
    image->maps = link_maps(image_read_headers(image, bias, headers, count));
    return image->maps != NULL;
}

const struct link_map *image_objects(const struct start *start)
{
    struct image image;
    return image_find(start, &image) ? image.maps : NULL;
}

enum { MAPS_MAX = 1024 };

enum mark { MARK_UNSEEN, MARK_SEEN, MARK_LEADS, MARK_CARRIES };

struct walk {
    size_t count;
    const struct link_map *maps[MAPS_MAX];
    const char *names[MAPS_MAX];
    unsigned char marks[MAPS_MAX]; /* enum mark: LEADS to a CUDA library, or is one; CARRIES a fat binary */
};

static void walk_begin(struct walk *walk, const struct image *image)
{
    walk->count = 0;
    for (const struct link_map *map = image->maps; map && walk->count < MAPS_MAX; map = map->l_next) {
        walk->maps[walk->count] = map;
        walk->names[walk->count] = object_name(map);
        walk->marks[walk->count++] = MARK_UNSEEN;
    }
}

/* What is needed by this name; the count when it is not loaded. Its soname may be another: libblas.so.3 is often a
 * link. */
static size_t walk_find(const struct walk *walk, const char *needed)
{
    size_t i = 1;
    while (i < walk->count && strcmp(walk->names[i], needed) != 0 &&
           strcmp(text_base_name(walk->maps[i]->l_name), needed) != 0)
        i++;
    return i < walk->count ? i : walk->count;
}

/* Goes through what an object needs, each object once. Recursion is as deep as the longest chain of libraries. */
static void walk_from(struct walk *walk, size_t from)
{
    const char *needed;
    walk->marks[from] = MARK_SEEN;
    if (from > 0 && soname_has(walk->names[from], SONAME_CUDA)) {
        walk->marks[from] = MARK_LEADS;
        return;
    }
    if (from > 0 && object_carries_fat_binary(walk->maps[from], false))
        walk->marks[from] = MARK_CARRIES;
    for (size_t nth = 0; (needed = object_needs(walk->maps[from], nth)); nth++) {
        size_t to = walk_find(walk, needed);
        if (to == walk->count)
            continue;
        if (walk->marks[to] == MARK_UNSEEN)
            walk_from(walk, to);
        if (walk->marks[to] >= MARK_LEADS && walk->marks[from] == MARK_SEEN)
            walk->marks[from] = MARK_LEADS;
    }
}

static void links_add(struct links *links, const struct link_map *map)
{
    if (links->count < LINKS_MAX)
        links->objects[links->count++] = map;
    else
        links->too_many = true;
}

void image_links(const struct image *image, bool any, struct links *links)
{
    *links = (struct links){.count = 1, .objects = {image->maps}};
    if (!any)
        return;
    struct walk walk;
    walk_begin(&walk, image);
    walk_from(&walk, 0);
    for (size_t i = 1; i < walk.count; i++) {
        if (walk.marks[i] < MARK_LEADS)
            continue;
        const bool is_cuda = soname_has(walk.names[i], SONAME_CUDA);
        if (!links->library && (is_cuda || walk.marks[i] == MARK_CARRIES))
            links->library = walk.names[i];
        if (!is_cuda)
            links_add(links, walk.maps[i]);
    }
}

static bool links_have(const struct links *links, const struct link_map *map)
{
    for (size_t i = 0; i < links->count; i++)
        if (links->objects[i] == map)
            return true;
    return false;
}

static void add_needed_by(const struct link_map *object, const struct walk *walk, struct links *links)
{
    const char *needed;
    for (size_t nth = 0; (needed = object_needs(object, nth)); nth++) {
        if (soname_has(needed, SONAME_CUDA) || soname_has(needed, SONAME_RUNTIME))
            continue;
        size_t found = walk_find(walk, needed);
        if (found < walk->count && !links_have(links, walk->maps[found]))
            links_add(links, walk->maps[found]);
    }
}

void image_add_needed(const struct image *image, struct links *links)
{
    struct walk walk;
    walk_begin(&walk, image);
    for (size_t from = 0; from < links->count && !links->too_many; from++)
        add_needed_by(links->objects[from], &walk, links);
}

bool image_has_fat_binary(const struct image *image)
{
    return fatbin_present(image->data, image->spans, image->span_count);
}

bool image_preloaded(const struct image *image, const ElfW(Dyn) * dynamic)
{
    for (const struct link_map *map = image->maps; map; map = map->l_next) {
        if (map->l_ld == dynamic)
            return true;
        if (strcmp(text_base_name(map->l_name), "libc.so.6") == 0)
            return false;
    }
    return false;
}
