/* SPDX-License-Identifier: MIT */
/*
 * The lines of a file in /proc/thread-self, read a piece at a time. System calls are made by number: safe in a signal
 * handler, and no point of cancellation.
 */
#ifndef GPUWARM_LINES_H
#define GPUWARM_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
    int fd;
    size_t line, end; /* the next line's start, and the end of what was read */
    char text[4096];
};

/*
 * Opens the file of this name, as "maps" or "fdinfo/5", of the calling thread; where that is not known (before Linux
 * 3.17), of the process. false: it cannot be opened, and nothing is to be closed. Changes errno.
 */
bool lines_open(struct lines *lines, const char *name);

/* The next line without its end, valid until the next call; NULL after the last, or at one longer than 4 KiB. */
const char *lines_next(struct lines *lines);

void lines_close(struct lines *lines);

#endif
