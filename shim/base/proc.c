/* SPDX-License-Identifier: MIT */
/* See proc.h. */
#include "base/proc.h"
#include "base/text.h"
#include <fcntl.h>
#include <unistd.h>

size_t proc_read(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, size - 1) : 0;
    if (fd >= 0)
        close(fd);
    size_t kept = length > 0 ? (size_t)length : 0;
    text[kept] = '\0';
    return kept;
}

size_t proc_read_of_parent(const char *name, char *text, size_t size)
{
    char path[32];
    const pid_t parent = getppid();
    struct text built = text_in(path, sizeof path);
    text_format(&built, "/proc/%d/%s", parent, name);
    text[0] = '\0';
    return parent ? proc_read(path, text, size) : 0;
}
