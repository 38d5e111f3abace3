/* SPDX-License-Identifier: MIT */
/* See soname.h. */
#include "elf/soname.h"
#include <stddef.h>
#include <string.h>

static const struct {
    char name[15];
    unsigned char roles;
} known[] = {
#define SONAME(name, roles) {name, roles},
#include "elf/sonames.def"
#undef SONAME
};

bool soname_matches(const char *soname, const char *name)
{
    const char *end = strstr(soname, ".so");
    size_t length = end ? (size_t)(end - soname) : 0, start = strcspn(name, "*");
    if (length < start || memcmp(soname, name, start) != 0)
        return false;
    if (!name[start])
        return end && length == start;
    const char *rest = name + start + 1;
    size_t needed = strlen(rest);
    return end && length >= start + needed && memcmp(end - needed, rest, needed) == 0;
}

/* Most names fall at their first letters after "lib". Those are compared first: no call is made. */
static bool begins_alike(const char *soname, const char *name)
{
    enum { AFTER_LIB = 3, LETTERS = 6 };
    if (name[AFTER_LIB] != '*' && name[AFTER_LIB] != soname[AFTER_LIB])
        return false;
    for (int i = 0; i < LETTERS && name[i] && name[i] != '*'; i++)
        if (soname[i] != name[i])
            return false;
    return true;
}

bool soname_has(const char *soname, enum soname_role role)
{
    if (!soname[0] || !soname[1] || !soname[2])
        return false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].roles & role && begins_alike(soname, known[i].name) && soname_matches(soname, known[i].name))
            return true;
    return false;
}
