/* SPDX-License-Identifier: MIT */
/* See auxv.h. */
#include "base/auxv.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static const ElfW(auxv_t) * auxiliary_find(const ElfW(auxv_t) * entry, unsigned long type)
{
    while (entry->a_type != AT_NULL && entry->a_type != type)
        entry++;
    return entry->a_type == type ? entry : NULL;
}

/*
 * The vector follows the NULL that ends the environment. A variable that was unset (by ld.so in a set-uid program, by
 * an earlier constructor) has moved that NULL forward and left one more behind.
 */
static const ElfW(auxv_t) * auxiliary_after(char **environment)
{
    while (*environment)
        environment++;
    while (!*environment)
        environment++;
    return (const ElfW(auxv_t) *)(const void *)environment;
}

bool auxv_find(int argc, char **argv, char **environment, struct start *start)
{
    if (argc < 0 || !argv || (uintptr_t)argv % sizeof *argv || environment != argv + argc + 1)
        return false;
    /* The kernel's word for argc lies in front of argv, also after ld.so, run as a command, has moved them. */
    if (*(const long *)(const void *)(argv - 1) != argc || argv[argc])
        return false;
    *start = (struct start){argc, argv, environment, auxiliary_after(environment), false};
    /* Linux tells every process whether it is privileged; what does not is not the vector. */
    const ElfW(auxv_t) *secure = auxiliary_find(start->auxiliary, AT_SECURE);
    start->secure = secure && secure->a_un.a_val;
    return secure != NULL;
}

unsigned long auxv_value(const struct start *start, unsigned long type)
{
    const ElfW(auxv_t) *entry = auxiliary_find(start->auxiliary, type);
    return entry ? entry->a_un.a_val : 0;
}

bool auxv_read_own(ElfW(auxv_t) * auxiliary, size_t size)
{
    long fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/auxv", O_RDONLY | O_CLOEXEC);
    long length = fd >= 0 ? syscall(SYS_read, fd, auxiliary, size) : 0;
    if (fd >= 0)
        syscall(SYS_close, fd);
    size_t count = length > 0 ? (size_t)length / sizeof *auxiliary : 0;
    return count > 0 && auxiliary[count - 1].a_type == AT_NULL;
}
