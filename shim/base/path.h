/* SPDX-License-Identifier: MIT */
/*
 * Where a path leads. Settings name files that may lie in directories in which other users can make symbolic links,
 * and some programs run as root. So links are resolved here, one at a time, and followed only in directories that
 * nobody else can change. The result is an open directory and a name in it: nothing can be swapped between check and
 * use.
 */
#ifndef GPUWARM_PATH_H
#define GPUWARM_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

struct path {
    int directory;           /* opened with O_PATH; path_close closes it */
    char name[NAME_MAX + 1]; /* the last component, which need not exist; no link, unless `descriptor` */
    uid_t owner;             /* of the directory */
    bool exposed;            /* others may write to the directory: it is not root's or ours, or its mode allows it */
    bool descriptor;         /* a link of /proc to an open file, as /dev/stderr and /dev/fd/3 lead to */
};

/*
 * Resolves `text`, which is overwritten, relative to the current directory. NULL on success, else why not, and nothing
 * is left open.
 */
const char *path_find(char text[PATH_MAX], struct path *path);

void path_close(const struct path *path);

/* openat(2) of the name. Never gives 0, 1 or 2, where the program would take the file for a standard one. */
int path_open(const struct path *path, const char *name, int flags);

/* What the name stands for, or with `follow` what it leads to. false, with errno, where there is nothing. */
bool path_status(const struct path *path, bool follow, struct stat *status);

/*
 * May we write to this file, opened in that directory? Where the directory is exposed, another user may have put it
 * there: a file or FIFO of theirs, or a hard link to one of ours. So it must be root's, ours, or of the directory's
 * owner, and have no other name.
 */
bool path_trusts(const struct path *path, int fd);

#endif
