/* SPDX-License-Identifier: MIT */
/* See file.h. */
#include "base/file.h"
#include "base/number.h"
#include "base/signals.h"
#include "base/text.h"
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

bool file_write(int fd, const char *data, size_t length)
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

static struct identity identity_from(const struct stat *status)
{
    return (struct identity){true, status->st_dev, status->st_ino};
}

static bool identity_equals(const struct identity *one, const struct identity *other)
{
    return one->known && other->known && one->device == other->device && one->inode == other->inode;
}

struct identity file_identity(int fd)
{
    struct stat status;
    return syscall(SYS_fstat, fd, &status) == 0 ? identity_from(&status) : (struct identity){.known = false};
}

bool file_is(int fd, const struct identity *identity)
{
    const struct identity now = file_identity(fd);
    return identity_equals(&now, identity);
}

struct identity file_named(const char *pattern)
{
    char text[PATH_MAX];
    struct path path;
    struct stat status;
    struct identity identity = {.known = false};
    if (!pattern || !file_path(pattern, text, sizeof text) || path_find(text, &path))
        return identity;
    if (path.descriptor && path_status(&path, true, &status))
        identity = identity_from(&status);
    path_close(&path);
    return identity;
}

enum { FLAGS = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

/* The descriptor of this process that a name in /proc/self/fd stands for, where it is that file; else -1. */
static int own_descriptor(const char *name, const struct identity *identity)
{
    const char *end;
    unsigned long long fd = number_read(name, 10, &end);
    return !*end && fd <= INT_MAX && file_is((int)fd, identity) ? (int)fd : -1;
}

/*
 * A pipe, terminal or device is opened anew, so as not to be waited for. To a regular file a copy of the descriptor
 * writes where the program's own output goes on; one that was opened anew would be written over. It is not opened
 * before it is known to be no file of the program's: closing it would drop the program's locks on it (fcntl(2)).
 */
static const char *descriptor_open(const struct path *path, const struct identity *named, int *fd)
{
    struct stat status;
    if (!path_status(path, true, &status))
        return strerror(errno);
    const struct identity now = identity_from(&status);
    if (!identity_equals(&now, named))
        return "that descriptor is not what it was at the start of the program";
    int own = S_ISREG(status.st_mode) ? own_descriptor(path->name, &now) : -1;
    *fd = own >= 0 ? (int)syscall(SYS_fcntl, own, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                   : path_open(path, path->name, FLAGS);
    return *fd < 0 ? strerror(errno) : NULL;
}

const char *file_open(const struct path *path, const struct identity *named, bool create, int *fd)
{
    if (path->descriptor)
        return descriptor_open(path, named, fd);
    *fd = path_open(path, path->name, FLAGS | O_NOFOLLOW | (create ? O_CREAT : 0));
    if (*fd < 0)
        return strerror(errno);
    if (path_trusts(path, *fd))
        return NULL;
    close(*fd);
    return "a file of somebody else's, or with a second name, in a directory that others may write to";
}

bool file_path(const char *pattern, char *path, size_t size)
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
