/* SPDX-License-Identifier: MIT */
/* See environment.h. */
#include "base/environment.h"
#include "base/auxv.h"
#include "base/memory.h"
#include "base/proc.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { AUXILIARY_BYTES = 1024 }; /* some 25 entries of 16 bytes on Linux 6 */

/* Without calls: every process comes through here to be asked for GPUWARM_SKIP. */
const char *environment_get(char *const *environment, const char *name)
{
    for (char *const *entry = environment; entry && *entry; entry++) {
        size_t length = 0;
        while (name[length] && (*entry)[length] == name[length])
            length++;
        if (!name[length] && (*entry)[length] == '=')
            return (*entry)[length + 1] ? *entry + length + 1 : NULL;
    }
    return NULL;
}

/* One entry, if it is of that name: at `entry`, in memory that may be gone. */
static bool entry_copy(const char *entry, const char *name, char *value, size_t size)
{
    char text[512];
    size_t name_length = strlen(name);
    text[memory_read(entry, text, sizeof text - 1)] = '\0';
    if (strncmp(text, name, name_length) != 0 || text[name_length] != '=')
        return false;
    snprintf(value, size, "%s", text + name_length + 1);
    return true;
}

bool environment_copy(char *const *environment, const char *name, char *value, size_t size)
{
    const char *entry;
    bool found = false;
    for (; !found && memory_read(environment, &entry, sizeof entry) == sizeof entry && entry; environment++)
        found = entry_copy(entry, name, value, size);
    return found;
}

bool environment_of_parent(const char *name)
{
    static char list[(size_t)64 << 10];
    const size_t length = proc_read_of_parent("environ", list, sizeof list), name_length = strlen(name);
    for (const char *entry = list; entry < list + length; entry += strlen(entry) + 1)
        if (strncmp(entry, name, name_length) == 0 && entry[name_length] == '=')
            return true;
    return getppid() && (length == 0 || length == sizeof list - 1);
}

void environment_set(char ***environment, const char *name, const char *value)
{
    size_t count = 0, kept = 0, name_length = strlen(name), text_length = name_length + strlen(value) + 2;
    if (!environment)
        return;
    char **old = *environment;
    while (old && old[count])
        count++;
    size_t list_bytes = (count + 2) * sizeof(char *);
    char *memory = mmap(NULL, list_bytes + AUXILIARY_BYTES + text_length, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return;
    char **list = (char **)(void *)memory, *text = memory + list_bytes + AUXILIARY_BYTES;
    snprintf(text, text_length, "%s=%s", name, value);
    for (size_t i = 0; i < count; i++)
        if (strncmp(old[i], name, name_length) != 0 || old[i][name_length] != '=')
            list[kept++] = old[i];
    list[kept++] = text;
    /* Room that is left is zero, which is AT_NULL. */
    auxv_read_own((ElfW(auxv_t) *)(void *)&list[kept + 1], AUXILIARY_BYTES - sizeof(ElfW(auxv_t)));
    *environment = list;
}
