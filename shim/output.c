/* SPDX-License-Identifier: MIT */
/* See output.h. */
#include "output.h"
#include "signals.h"
#include "text.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* poll(2) by number: the program, or a library, may have a poll of its own in front of the C library's. */
static bool is_writable_now(int fd)
{
    struct pollfd waited = {.fd = fd, .events = POLLOUT};
    struct timespec none = {0, 0};
    if (syscall(SYS_ppoll, &waited, 1, &none, NULL, 0) < 0)
        return false;
    if (!(waited.revents & POLLOUT) && !(waited.revents & (POLLERR | POLLNVAL)))
        errno = EAGAIN;
    return waited.revents != 0;
}

bool output_write(int fd, const char *data, size_t length)
{
    struct signals signals;
    signals_hold_writing(&signals);
    ssize_t written = 0;
    while (length && written >= 0) {
        written = is_writable_now(fd) ? write(fd, data, length) : -1;
        if (written < 0 && errno == EINTR)
            written = 0;
        data += written > 0 ? written : 0;
        length -= written > 0 ? (size_t)written : 0;
    }
    signals_release(&signals);
    return length == 0;
}

const char *output_open(const struct path *path, bool create, int *fd)
{
    enum { FLAGS = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };
    *fd = path_open(path, path->name, FLAGS | (path->descriptor ? 0 : O_NOFOLLOW) | (create ? O_CREAT : 0));
    if (*fd < 0)
        return strerror(errno);
    if (path_trusts(path, *fd))
        return NULL;
    close(*fd);
    return "a file of somebody else's, or with a second name, in a directory that others may write to";
}

bool output_path(const char *pattern, char *path, size_t size)
{
    struct text text = text_in(path, size);
    for (const char *c = pattern; *c; c++) {
        if (c[0] == '%' && c[1] == 'p')
            text_format(&text, "%d", getpid());
        else
            text_format(&text, "%c", *c);
        c += c[0] == '%' && (c[1] == 'p' || c[1] == '%');
    }
    return !text.truncated;
}
