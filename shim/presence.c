/* SPDX-License-Identifier: MIT */
/*
 * See presence.h. dl_iterate_phdr(3) counts what was loaded and unloaded, and guards the list with a lock that is held
 * only while the list itself is changed (glibc, elf/dl-iteratephdr.c).
 */
#include "presence.h"
#include "object.h"
#include "text.h"
#include "unlocked.h"
#include <string.h>

struct look {
    struct presence *presence;
    bool first;
};

static void name_look_at(struct presence *presence, const char *name)
{
    presence->driver |= strcmp(name, "libcuda.so.1") == 0;
    if (!presence->library[0] && object_is_cuda_library(name)) {
        struct text library = text_in(presence->library, sizeof presence->library);
        text_format(&library, "%s", name);
    }
}

static int look_at(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct look *look = argument;
    struct presence *presence = look->presence;
    if (look->first) {
        bool counted = size >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof info->dlpi_subs;
        if (presence->looked && counted && presence->loaded == info->dlpi_adds && presence->unloaded == info->dlpi_subs)
            return 1;
        presence->loaded = counted ? info->dlpi_adds : 0;
        presence->unloaded = counted ? info->dlpi_subs : 0;
        presence->looked = true;
        presence->driver = false;
        presence->library[0] = '\0';
        look->first = false;
    }
    name_look_at(presence, text_base_name(info->dlpi_name));
    return presence->driver;
}

bool presence_of_cuda(struct presence *presence)
{
    struct look look = {presence, true};
    dl_iterate_phdr(look_at, &look);
    return presence->library[0] != '\0';
}

static bool look_at_unlocked(ElfW(Addr) address, const char *path, void *argument)
{
    struct presence *presence = argument;
    (void)address;
    name_look_at(presence, text_base_name(path));
    return !presence->driver;
}

bool presence_unlocked(struct presence *presence, const struct link_map *objects, bool alone)
{
    if (alone || !presence->last || !unlocked_is_last(presence->last)) {
        presence->looked = presence->driver = false;
        presence->library[0] = '\0';
        presence->last = unlocked_walk(objects, alone, look_at_unlocked, presence);
    }
    return presence->library[0] != '\0';
}
