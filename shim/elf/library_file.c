/* SPDX-License-Identifier: MIT */
/* See library_file.h. */
#include "elf/library_file.h"
#include "base/text.h"
#include "elf/ldcache.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CACHE_BYTES = 4 << 20 };

/* An empty entry is the current directory. */
static bool path_find(const char *list, const char *name, char *path, size_t size)
{
    for (int length; list; list = list[length] ? list + length + 1 : NULL) {
        length = (int)strcspn(list, ":;");
        struct text text = text_in(path, size);
        text_format(&text, "%.*s%s%s", length, list, length ? "/" : "", name);
        if (!text.truncated && access(path, R_OK) == 0)
            return true;
    }
    return false;
}

/* In memory of our own, since a mapping of the file would fault if it were cut. */
static bool cache_find(const char *name, char *path, size_t size)
{
    struct text text = text_in(path, size);
    int fd = open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    char *bytes = mmap(NULL, CACHE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ssize_t length = bytes != MAP_FAILED ? read(fd, bytes, CACHE_BYTES) : -1;
    close(fd);
    const char *found = length > 0 ? ldcache_find(bytes, (size_t)length, name) : NULL;
    if (found)
        text_format(&text, "%s", found);
    if (bytes != MAP_FAILED)
        munmap(bytes, CACHE_BYTES);
    return found && !text.truncated;
}

enum library_place library_file_find(const char *library_path, const char *name, char *path, size_t size)
{
    if (library_path && *library_path && path_find(library_path, name, path, size))
        return LIBRARY_IN_PATH;
    return cache_find(name, path, size) ? LIBRARY_IN_CACHE : LIBRARY_NOWHERE;
}
