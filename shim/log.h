/* SPDX-License-Identifier: MIT */
/*
 * Log lines: "gpuwarm[PID] text", one write each, to stderr or appended to a file. A line that cannot be written at
 * once is dropped: a full pipe must not make the program wait, and one without reader must not end it.
 */
#ifndef GPUWARM_LOG_H
#define GPUWARM_LOG_H

enum log_level { LOG_OFF, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log {
    enum log_level level; /* lines above it are dropped */
    const char *file;     /* NULL: stderr. %p stands for the process id; lines go to stderr when it cannot be written */
};

/* Writes one line, cut off at 1000 bytes. Control characters, and bytes that are not UTF-8, become '?'. */
__attribute__((format(printf, 3, 4))) void log_write(const struct log *log, enum log_level level, const char *format,
                                                     ...);

#endif
