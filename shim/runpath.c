/* SPDX-License-Identifier: MIT */
/* See runpath.h. */
#include "runpath.h"
#include "text.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char driver_name[] = "libcuda.so.1";

/*
 * The folder of an object, which $ORIGIN stands for. The loader gives the executable itself no name; where the loader
 * was run as a command, /proc/self/exe is the loader, and glibc makes AT_EXECFN the program (seen with 2.36).
 */
static bool origin_of(const struct link_map *map, const char *started, char *folder, size_t size)
{
    struct text text = text_in(folder, size);
    if (map->l_name[0]) {
        text_format(&text, "%s", map->l_name);
    } else {
        char executable[PATH_MAX];
        if (!realpath("/proc/self/exe", executable) ||
            (strncmp(text_base_name(executable), "ld", 2) == 0 && !(started && realpath(started, executable))))
            return false;
        text_format(&text, "%s", executable);
    }
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    return slash && !text.truncated;
}

/* One entry of a RUNPATH (an empty one is the current folder) with the driver's name, "$ORIGIN" at its start replaced.
 */
static bool entry_expand(const char *entry, size_t length, const char *origin, struct text *path)
{
    static const char *const tokens[] = {"$ORIGIN", "${ORIGIN}"};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        size_t token = strlen(tokens[i]);
        if (length >= token && strncmp(entry, tokens[i], token) == 0) {
            text_format(path, "%s", origin);
            entry += token;
            length -= token;
            break;
        }
    }
    text_format(path, "%.*s%s%s", (int)length, entry, length || path->length ? "/" : "", driver_name);
    return !path->truncated;
}

static bool map_has_driver(const struct link_map *map, const char *started, struct text *shown)
{
    char origin[PATH_MAX], path[PATH_MAX];
    const char *entry = object_string(map, DT_RUNPATH);
    if (!entry || !origin_of(map, started, origin, sizeof origin))
        return false;
    for (;; entry++) {
        size_t length = strcspn(entry, ":");
        struct text text = text_in(path, sizeof path);
        if (entry_expand(entry, length, origin, &text) && access(path, F_OK) == 0) {
            text_format(shown, "%s", path);
            return true;
        }
        entry += length;
        if (!*entry)
            return false;
    }
}

bool runpath_has_driver(const struct image *image, char *path, size_t size)
{
    struct text shown = text_in(path, size);
    for (const struct link_map *map = image->maps; map; map = map->l_next)
        if (strcmp(object_name(map), driver_name) == 0)
            return false;
    for (const struct link_map *map = image->maps; map; map = map->l_next)
        if ((map == image->maps || object_is_cuda_library(object_name(map))) &&
            map_has_driver(map, image->started, &shown))
            return true;
    return false;
}

bool runpath_of_executable_has_driver(const struct image *image, char *path, size_t size)
{
    struct link_map executable = *image->maps;
    struct image alone = *image;
    executable.l_next = NULL;
    alone.maps = &executable;
    return runpath_has_driver(&alone, path, size);
}
