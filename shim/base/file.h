/* SPDX-License-Identifier: MIT */
/*
 * Writing into files that are not ours, without ever blocking the program or sending it a signal, and into no file that
 * the program opened itself: a descriptor is written to only while it is the file that it was at the start.
 */
#ifndef GPUWARM_FILE_H
#define GPUWARM_FILE_H

#include "base/path.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Writes all of `data` to `fd`. false, with errno, when that would block or fails; then part of it may have been
 * written, but never part of a line to a pipe (a write of up to PIPE_BUF bytes is atomic). No signal that
 * the write raises reaches the program.
 */
bool file_write(int fd, const char *data, size_t length);

/* Which file a descriptor was, at one moment: an inode number is unique among the files that are open. */
struct identity {
    bool known; /* false: it was closed */
    unsigned long long device, inode;
};

struct identity file_identity(int fd);

/* Is it that file? Never where that is not known. */
bool file_is(int fd, const struct identity *identity);

/* The file behind a setting that names a descriptor (/dev/stderr, /dev/fd/3); not known: it names none, or is NULL. */
struct identity file_named(const char *pattern);

/*
 * Opens `path` for writing at its end, creating it when `create` (mode 0644 less umask), without blocking and without
 * making a terminal the controlling one. A descriptor has to be the file `named`. NULL, with *fd to be closed by the
 * caller, or why not.
 */
const char *file_open(const struct path *path, const struct identity *named, bool create, int *fd);

/* Copies `pattern` into `path` with "%p" replaced by the process id and "%%" by "%". false when it does not fit. */
bool file_path(const char *pattern, char *path, size_t size);

#endif
