/* SPDX-License-Identifier: MIT */
/* An object as the loader lists it, made by hand: its path, soname (or none) and what it needs. */
#ifndef UNIT_MADE_OBJECT_H
#define UNIT_MADE_OBJECT_H

#include <criterion/criterion.h>
#include <link.h>
#include <string.h>

struct object {
    struct link_map map;
    ElfW(Dyn) dynamic[9];
    char path[64], strings[256];
};

static inline ElfW(Xword) object_string_add(struct object *object, size_t *used, const char *string)
{
    size_t at = *used;
    cr_assert(at + strlen(string) < sizeof object->strings);
    strcpy(object->strings + at, string);
    *used += strlen(string) + 1;
    return at;
}

static inline void object_make(struct object *object, const char *path, const char *soname, const char *const needs[3])
{
    size_t used = 1;
    ElfW(Dyn) *entry = object->dynamic;
    *object = (struct object){.map = {.l_name = object->path, .l_ld = object->dynamic}};
    cr_assert_lt(strlen(path), sizeof object->path);
    strcpy(object->path, path);
    for (int i = 0; i < 3 && needs[i]; i++)
        *entry++ = (ElfW(Dyn)){.d_tag = DT_NEEDED, .d_un = {.d_val = object_string_add(object, &used, needs[i])}};
    if (soname)
        *entry++ = (ElfW(Dyn)){.d_tag = DT_SONAME, .d_un = {.d_val = object_string_add(object, &used, soname)}};
    *entry++ = (ElfW(Dyn)){.d_tag = DT_STRTAB, .d_un = {.d_ptr = (ElfW(Addr))object->strings}};
    *entry = (ElfW(Dyn)){.d_tag = DT_STRSZ, .d_un = {.d_val = sizeof object->strings}};
}

#endif
