/* SPDX-License-Identifier: MIT */
/* See image.h. */
#include "image.h"
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

static void image_read_segments(struct image *image, const ElfW(Phdr) * headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const ElfW(Phdr) *header = &headers[i];
        struct span span = {(const unsigned char *)(image->bias + header->p_vaddr), header->p_filesz};
        if (header->p_type == PT_DYNAMIC)
            image->dynamic = (const ElfW(Dyn) *)(image->bias + header->p_vaddr);
        if (header->p_type != PT_LOAD || !(header->p_flags & PF_R) || image->span_count == IMAGE_SPANS_MAX)
            continue;
        image->spans[image->span_count++] = span;
        if (header->p_flags & PF_W)
            image->data = span;
    }
}

static const struct r_debug *image_debug(const struct image *image)
{
    for (const ElfW(Dyn) *entry = image->dynamic; entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_DEBUG)
            return (const struct r_debug *)entry->d_un.d_ptr;
    return NULL;
}

bool image_find(struct image *image)
{
    *image = (struct image){0};
    const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    size_t count = getauxval(AT_PHNUM), self = 0;
    if (!headers || getauxval(AT_PHENT) != sizeof *headers)
        return false;
    while (self < count && headers[self].p_type != PT_PHDR)
        self++;
    if (self == count)
        return false;
    image->bias = (ElfW(Addr))headers - headers[self].p_vaddr;
    image_read_segments(image, headers, count);
    const struct r_debug *debug = image_debug(image);
    image->maps = debug ? debug->r_map : NULL;
    return image->maps != NULL;
}

/* An entry of a dynamic section that holds an address. glibc relocates those in place on most architectures. */
static const void *dynamic_address(const ElfW(Dyn) * dynamic, ElfW(Addr) bias, ElfW(Sxword) tag)
{
    for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++)
        if (dynamic->d_tag == tag)
            return (const void *)(dynamic->d_un.d_ptr >= bias ? dynamic->d_un.d_ptr : bias + dynamic->d_un.d_ptr);
    return NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool image_is_cuda_library(const char *soname)
{
    static const char names[][16] = {
#define CUDA_LIBRARY(name) name,
#include "cuda_libraries.def"
#undef CUDA_LIBRARY
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);
        bool open = names[i][length - 1] == '*';
        if (strncmp(soname, names[i], length - open) != 0)
            continue;
        if (open ? strstr(soname, ".so") != NULL : strncmp(soname + length, ".so", 3) == 0)
            return true;
    }
    return false;
}

/* Does `user` name `library` among what it needs (DT_NEEDED)? */
static bool map_needs(const struct link_map *user, const char *library)
{
    const char *strings = dynamic_address(user->l_ld, user->l_addr, DT_STRTAB);
    for (const ElfW(Dyn) *entry = user->l_ld; strings && entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_NEEDED && strcmp(base_name(strings + entry->d_un.d_val), library) == 0)
            return true;
    return false;
}

const char *image_string(const struct link_map *map, ElfW(Sxword) tag)
{
    const char *strings = dynamic_address(map->l_ld, map->l_addr, DT_STRTAB);
    for (const ElfW(Dyn) *entry = map->l_ld; strings && entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == tag)
            return strings + entry->d_un.d_val;
    return NULL;
}

const char *image_map_name(const struct link_map *map)
{
    const char *soname = image_string(map, DT_SONAME);
    return base_name(soname ? soname : map->l_name);
}

/*
 * Is `library` among what the executable needs, directly or through others? Walks from the library up to its users:
 * what others preloaded has no user, and does not make every program a CUDA program. `depth` bounds cycles.
 */
static bool executable_needs(const struct image *image, const char *library, int depth)
{
    for (const struct link_map *user = image->maps; user; user = user->l_next)
        if (map_needs(user, library) &&
            (user == image->maps || (depth > 0 && executable_needs(image, image_map_name(user), depth - 1))))
            return true;
    return false;
}

const char *image_cuda_library(const struct image *image)
{
    enum { DEPTH_MAX = 6 };
    for (const struct link_map *map = image->maps->l_next; map; map = map->l_next) {
        const char *name = base_name(map->l_name);
        if (strncmp(name, "lib", 3) == 0 && image_is_cuda_library(name) &&
            executable_needs(image, image_map_name(map), DEPTH_MAX))
            return name;
    }
    return NULL;
}

/*
 * How many dynamic symbols the executable has. Only the hash tables tell: DT_HASH says it; in DT_GNU_HASH it is the
 * end of the last chain, and where there is no chain (nothing exported) the index at which chains would begin.
 */
static size_t symbol_count(const struct image *image)
{
    const uint32_t *hash = dynamic_address(image->dynamic, image->bias, DT_HASH);
    if (hash)
        return hash[1];
    const uint32_t *gnu = dynamic_address(image->dynamic, image->bias, DT_GNU_HASH);
    if (!gnu)
        return 0;
    uint32_t buckets = gnu[0], first = gnu[1], last = 0;
    const uint32_t *bucket = gnu + 4 + gnu[2] * (sizeof(ElfW(Addr)) / sizeof *gnu);
    const uint32_t *chain = bucket + buckets;
    for (uint32_t i = 0; i < buckets; i++)
        last = bucket[i] > last ? bucket[i] : last;
    if (last < first)
        return first;
    while (!(chain[last - first] & 1))
        last++;
    return last + 1;
}

bool image_imports(const struct image *image, const char *symbol)
{
    const ElfW(Sym) *symbols = dynamic_address(image->dynamic, image->bias, DT_SYMTAB);
    const char *strings = dynamic_address(image->dynamic, image->bias, DT_STRTAB);
    size_t count = symbols && strings ? symbol_count(image) : 0;
    for (size_t i = 1; i < count; i++)
        if (symbols[i].st_shndx == SHN_UNDEF && strcmp(strings + symbols[i].st_name, symbol) == 0)
            return true;
    return false;
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
        if (strcmp(base_name(map->l_name), "libc.so.6") == 0)
            return false;
    }
    return false;
}
