/* SPDX-License-Identifier: MIT */
/* See path.h. Raw system calls: openat and its like ask for GLIBC_2.4 (symver.h), fstat for GLIBC_2.33. */
#include "base/path.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { LINKS_MOST = 40, /* as the kernel has it (path_resolution(7)) */ DIRECTORY = O_PATH | O_DIRECTORY | O_CLOEXEC };

static int open_above(int directory, const char *name, int flags)
{
    int fd = (int)syscall(SYS_openat, directory, name, flags, 0644);
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int above = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return above;
}

static bool is_trusted(uid_t owner)
{
    return owner == 0 || owner == geteuid();
}

/* Goes on in the directory `fd`. A sticky one counts as exposed: anybody may make a link there. */
static const char *directory_enter(struct path *path, int fd)
{
    struct stat status;
    if (fd < 0)
        return strerror(errno);
    path_close(path);
    path->directory = fd;
    if (syscall(SYS_fstat, fd, &status) != 0)
        return strerror(errno);
    path->owner = status.st_uid;
    path->exposed = !is_trusted(status.st_uid) || status.st_mode & (S_IWGRP | S_IWOTH);
    return NULL;
}

/* Takes the next component off *rest. *last: no more follow. */
static const char *name_take(struct path *path, const char **rest, bool *last)
{
    *rest += strspn(*rest, "/");
    size_t length = strcspn(*rest, "/");
    if (length == 0 || length > NAME_MAX)
        return strerror(length ? ENAMETOOLONG : EISDIR);
    memcpy(path->name, *rest, length);
    path->name[length] = '\0';
    *rest += length;
    *last = **rest == '\0';
    return NULL;
}

/* Puts the link in front of what is left, at the start of `text`. */
static const char *link_follow(struct path *path, char *text, const char **rest, const char *link, size_t length)
{
    size_t left = strlen(*rest) + 1;
    if (length + left > PATH_MAX)
        return strerror(ENAMETOOLONG);
    memmove(text + length, *rest, left);
    memcpy(text, link, length);
    *rest = text;
    return *text == '/' ? directory_enter(path, open_above(AT_FDCWD, "/", DIRECTORY)) : NULL;
}

/* There the text of a link need be no path ("pipe:[4711]"), and nobody can make one: the kernel follows it. */
static bool is_proc(int directory)
{
    struct statfs system;
    return syscall(SYS_fstatfs, directory, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

/* One component. *done: it is the last one, and no link that could be followed. */
static const char *step(struct path *path, char *text, const char **rest, unsigned *links, bool *done)
{
    char link[PATH_MAX];
    bool last = false;
    const char *problem = name_take(path, rest, &last);
    if (problem)
        return problem;
    ssize_t length = syscall(SYS_readlinkat, path->directory, path->name, link, sizeof link);
    if (length < 0) {
        *done = last;
        if (last)
            return errno == EINVAL || errno == ENOENT ? NULL : strerror(errno);
        return directory_enter(path, open_above(path->directory, path->name, DIRECTORY | O_NOFOLLOW));
    }
    if (path->exposed)
        return "a symbolic link in a directory that others may write to";
    if (is_proc(path->directory)) {
        *done = path->descriptor = last;
        return last ? NULL : directory_enter(path, open_above(path->directory, path->name, DIRECTORY));
    }
    return ++*links > LINKS_MOST ? strerror(ELOOP) : link_follow(path, text, rest, link, (size_t)length);
}

const char *path_find(char text[PATH_MAX], struct path *path)
{
    const char *rest = text;
    unsigned links = 0;
    bool done = false;
    *path = (struct path){.directory = -1};
    const char *problem = directory_enter(path, open_above(AT_FDCWD, *text == '/' ? "/" : ".", DIRECTORY));
    while (!problem && !done)
        problem = step(path, text, &rest, &links, &done);
    if (problem)
        path_close(path);
    return problem;
}

void path_close(const struct path *path)
{
    if (path->directory >= 0)
        close(path->directory);
}

int path_open(const struct path *path, const char *name, int flags)
{
    return open_above(path->directory, name, flags);
}

bool path_status(const struct path *path, bool follow, struct stat *status)
{
    return syscall(SYS_newfstatat, path->directory, path->name, status, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
}

bool path_trusts(const struct path *path, int fd)
{
    struct stat status;
    if (!path->exposed)
        return true;
    return syscall(SYS_fstat, fd, &status) == 0 && status.st_nlink <= 1 &&
           (is_trusted(status.st_uid) || status.st_uid == path->owner);
}
