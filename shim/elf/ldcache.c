/* SPDX-License-Identifier: MIT */
/*
 * See ldcache.h. The layout is glibc's (sysdeps/generic/dl-cache.h, since 2.2): a header, entries of 24 bytes,
 * then strings, to which entries point by their distance from the header. Before 2.32 ldconfig put a list of an older
 * layout in front.
 */
#include "elf/ldcache.h"
#include <stdint.h>
#include <string.h>

static const char older_magic[] = "ld.so-1.7.0", magic[] = "glibc-ld.so.cache1.1";

struct header {
    char magic[sizeof magic - 1];
    uint32_t count;
    uint32_t unused[6];
};

struct entry {
    int32_t flags;
    uint32_t name, path, os_version;
    uint64_t hardware;
};

/* Entry flags of this machine's libraries (glibc, sysdeps/generic/ldconfig.h): the C library's kind, 6, is 3. */
#if defined __x86_64__
enum { FLAGS = 0x0303 };
#elif defined __aarch64__
enum { FLAGS = 0x0a03 };
#else
enum { FLAGS = 0x0003 };
#endif

/* Where the header is, behind the older list if there is one: its own header of 16 bytes, and entries of 12. */
static const char *header_find(const char *bytes, size_t size)
{
    uint32_t count;
    size_t skipped = 0;
    if (size >= 16 && memcmp(bytes, older_magic, sizeof older_magic - 1) == 0) {
        memcpy(&count, bytes + 12, sizeof count);
        skipped = (16 + (size_t)count * 12 + 7) / 8 * 8;
    }
    if (skipped > size || size - skipped < sizeof(struct header) ||
        memcmp(bytes + skipped, magic, sizeof magic - 1) != 0)
        return NULL;
    return bytes + skipped;
}

/* The string at that distance, if it ends within the bytes. */
static const char *string_at(const char *start, size_t size, uint32_t distance)
{
    return distance < size && memchr(start + distance, '\0', size - distance) ? start + distance : NULL;
}

const char *ldcache_find(const void *bytes, size_t size, const char *soname)
{
    struct header header;
    const char *start = header_find(bytes, size);
    if (!start)
        return NULL;
    size -= (size_t)(start - (const char *)bytes);
    memcpy(&header, start, sizeof header);
    for (size_t i = 0; i < header.count && sizeof header + (i + 1) * sizeof(struct entry) <= size; i++) {
        struct entry entry;
        memcpy(&entry, start + sizeof header + i * sizeof entry, sizeof entry);
        const char *name = entry.flags == FLAGS ? string_at(start, size, entry.name) : NULL;
        if (name && strcmp(name, soname) == 0)
            return string_at(start, size, entry.path);
    }
    return NULL;
}
