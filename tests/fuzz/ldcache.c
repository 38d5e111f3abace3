/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: the loader's cache. The first byte of the input says which layout it is given, since no mutation would
 * find the magic strings. Memory outside the bytes must not be read, and a path that is found must end within them.
 */
#include "elf/ldcache.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char magic[] = "glibc-ld.so.cache1.1", older[] = "ld.so-1.7.0";
    if (size < 1)
        return 0;
    bool both = data[0] & 1;
    size_t start = both ? 16 + (size_t)(data[0] >> 4) * 12 : 0;
    start = (start + 7) / 8 * 8;
    char *bytes = malloc(size);
    if (!bytes)
        abort();
    memcpy(bytes, data + 1, size - 1);
    size--;
    if (both && size >= 16) {
        uint32_t count = data[0] >> 4;
        memcpy(bytes, older, sizeof older);
        memcpy(bytes + 12, &count, sizeof count);
    }
    if (size >= start + sizeof magic - 1)
        memcpy(bytes + start, magic, sizeof magic - 1);
    const char *path = ldcache_find(bytes, size, "a");
    if (path && !memchr(path, '\0', size - (size_t)(path - bytes)))
        abort();
    free(bytes);
    return 0;
}
