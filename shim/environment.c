/* SPDX-License-Identifier: MIT */
/* See environment.h. */
#include "environment.h"
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
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

/* The kernel's own copy; room that is left is zero, which is AT_NULL. */
static void auxiliary_read(char *to)
{
    int fd = open("/proc/self/auxv", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t length = read(fd, to, AUXILIARY_BYTES - sizeof(ElfW(auxv_t)));
    (void)length;
    close(fd);
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
    auxiliary_read((char *)&list[kept + 1]);
    *environment = list;
}
