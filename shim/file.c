/* SPDX-License-Identifier: MIT */
/* See file.h. */
#include "file.h"
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
