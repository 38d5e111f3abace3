/* SPDX-License-Identifier: MIT */
/* See file.h. */
#include "base/file.h"
#include "base/text.h"
#include <fcntl.h>
#include <unistd.h>

size_t file_start(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, size - 1) : 0;
    if (fd >= 0)
        close(fd);
    size_t kept = length > 0 ? (size_t)length : 0;
    text[kept] = '\0';
    return kept;
}

size_t file_of_parent(const char *name, char *text, size_t size)
{
    char path[32];
    const pid_t parent = getppid();
    struct text built = text_in(path, sizeof path);
    text_format(&built, "/proc/%d/%s", parent, name);
    text[0] = '\0';
    return parent ? file_start(path, text, size) : 0;
}
