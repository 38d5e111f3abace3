/* SPDX-License-Identifier: MIT */
/* See runpath.h. */
#include "elf/runpath.h"
#include "base/text.h"
#include "elf/library_file.h"
#include "elf/object.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char driver_name[] = "libcuda.so.1";

#ifdef __aarch64__
#define MULTIARCH "aarch64-linux-gnu"
#else
#define MULTIARCH "x86_64-linux-gnu"
#endif

/* What $LIB stands for, which is built into the loader: each is tried. */
static const char libs[][24] = {"lib64", ("lib/" MULTIARCH), "lib"};

struct search {
    const char *started, *library_path;
    char list[PATH_MAX], origin[PATH_MAX], path[PATH_MAX];
    bool found;
};

/*
 * The directory of an object, which $ORIGIN stands for. The loader gives the executable itself no name; where the
 * loader was run as a command, /proc/self/exe is the loader, and glibc makes AT_EXECFN the program (seen with 2.36).
 */
static bool origin_find(struct search *search, const char *path)
{
    struct text text = text_in(search->origin, sizeof search->origin);
    if (path[0]) {
        text_format(&text, "%s", path);
    } else {
        char executable[PATH_MAX];
        if (!realpath("/proc/self/exe", executable) || (strncmp(text_base_name(executable), "ld", 2) == 0 &&
                                                        !(search->started && realpath(search->started, executable))))
            return false;
        text_format(&text, "%s", executable);
    }
    char *slash = strrchr(search->origin, '/');
    if (slash)
        *slash = '\0';
    return slash && !text.truncated;
}

/* The length of the token at `at`, "$NAME" or "${NAME}"; 0: it is another. As in the loader, any text may follow. */
static size_t token_length(const char *at, const char *name)
{
    const size_t length = strlen(name);
    const bool braced = at[1] == '{';
    if (at[0] != '$' || strncmp(at + 1 + braced, name, length) != 0 || (braced && at[2 + length] != '}'))
        return 0;
    return 1 + length + (braced ? 2 : 0);
}

/* One entry of a list with the driver's name (an empty entry is the current directory), its tokens replaced. */
static bool entry_has_driver(struct search *search, const char *entry, const char *end, const char *lib)
{
    const struct {
        const char *name, *value;
    } tokens[] = {{"ORIGIN", search->origin}, {"LIB", lib}};
    struct text text = text_in(search->path, sizeof search->path);
    while (entry < end) {
        size_t token = 0, i = 0;
        while (i < sizeof tokens / sizeof *tokens && !(token = token_length(entry, tokens[i].name)))
            i++;
        text_format(&text, token ? "%s" : "%.1s", token ? tokens[i].value : entry);
        entry += token ? token : 1;
    }
    text_format(&text, "%s%s", text.length ? "/" : "", driver_name);
    return !text.truncated && access(search->path, F_OK) == 0;
}

static bool list_has_driver(struct search *search)
{
    for (const char *entry = search->list;; entry++) {
        const char *const end = entry + strcspn(entry, ":");
        for (size_t i = 0; i < sizeof libs / sizeof *libs; i++) {
            if (entry_has_driver(search, entry, end, libs[i]))
                return true;
            if (!memmem(entry, (size_t)(end - entry), "LIB", 3))
                break;
        }
        entry = end;
        if (!*entry)
            return false;
    }
}

/* Is what the list leads to another file than ours? LD_LIBRARY_PATH comes before DT_RUNPATH. */
static bool is_another(struct search *search, ElfW(Sxword) kind)
{
    char ours[PATH_MAX], one[PATH_MAX], other[PATH_MAX];
    const enum library_place place = library_file_find(search->library_path, driver_name, ours, sizeof ours);
    if (place == LIBRARY_IN_PATH && kind == DT_RUNPATH)
        return false;
    return place == LIBRARY_NOWHERE || !realpath(ours, one) || !realpath(search->path, other) ||
           strcmp(one, other) != 0;
}

/* false where one was found: the walk ends. */
static bool look_at(const struct link_map *object, const char *path, bool may_go, void *argument)
{
    struct search *search = argument;
    const ElfW(Sxword) kind = object_search_list(object, may_go, search->list, sizeof search->list);
    search->found = kind && origin_find(search, path) && list_has_driver(search) && is_another(search, kind);
    return !search->found;
}

bool runpath_has_driver(const struct loaded *loaded, const char *started, const char *library_path, char *path,
                        size_t size)
{
    struct text shown = text_in(path, size);
    struct search search = {.started = started, .library_path = library_path};
    if (!loaded->cuda.driver)
        loaded_walk(loaded, look_at, &search);
    if (search.found)
        text_format(&shown, "%s", search.path);
    return search.found;
}
