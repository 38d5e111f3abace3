/* SPDX-License-Identifier: MIT */
/*
 * Log lines: "gpuwarm[PID] text", one write each, to stderr or appended to a file. A line that cannot be written at
 * once is dropped: a full pipe must not make the program wait, and one without reader must not end it. Descriptor 2 is
 * stderr only while it is the file that it was at the start: a program that was started without stderr, or has closed
 * it, may have its data there.
 */
#ifndef GPUWARM_LOG_H
#define GPUWARM_LOG_H

#include "base/file.h"
#include <stdbool.h>

enum log_level { LOG_OFF, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log {
    enum log_level level; /* lines above it are dropped */
    const char *file;     /* NULL: stderr. %p stands for the process id; lines go to stderr when it cannot be written */
    struct identity named;          /* the descriptor that `file` leads to, as it was at the start */
    struct identity standard_error; /* as it was at the start; not known: closed, or nobody can tell */
};

/*
 * At the start of the program, before anything is opened that stays open. `file` is borrowed. `late`: the program runs
 * already and has opened the library, so that any descriptor may be its own file.
 */
void log_start(struct log *log, enum log_level level, const char *file, bool late);

/*
 * Writes one line, cut off at 1000 bytes. Control characters, and bytes that are not UTF-8, become '?'. false: it is
 * above the level, or was dropped.
 */
__attribute__((format(printf, 3, 4))) bool log_write(const struct log *log, enum log_level level, const char *format,
                                                     ...);

#endif
