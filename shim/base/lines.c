/* SPDX-License-Identifier: MIT */
/* See lines.h. */
#include "base/lines.h"
#include "base/text.h"
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* /proc/self is the initial thread's, and empty once that has ended. */
bool lines_open(struct lines *lines, const char *name)
{
    static const char folders[][18] = {"/proc/thread-self", "/proc/self"};
    lines->fd = -1;
    lines->line = lines->end = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders && lines->fd < 0; i++) {
        char path[64];
        struct text text = text_in(path, sizeof path);
        text_format(&text, "%s/%s", folders[i], name);
        lines->fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    }
    return lines->fd >= 0;
}

/* Moves what is left to the front, and reads what follows. */
static bool lines_read(struct lines *lines)
{
    size_t left = lines->end - lines->line;
    memmove(lines->text, lines->text + lines->line, left);
    lines->line = 0;
    lines->end = left;
    long length = syscall(SYS_read, lines->fd, lines->text + left, sizeof lines->text - left);
    lines->end += length > 0 ? (size_t)length : 0;
    return length > 0;
}

const char *lines_next(struct lines *lines)
{
    for (;;) {
        char *line = lines->text + lines->line, *end = memchr(line, '\n', lines->end - lines->line);
        if (end) {
            *end = '\0';
            lines->line = (size_t)(end + 1 - lines->text);
            return line;
        }
        if (!lines_read(lines))
            return NULL;
    }
}

void lines_close(struct lines *lines)
{
    syscall(SYS_close, lines->fd);
}
