/* SPDX-License-Identifier: MIT */
/* The report: what was decided for this process and what came of it, as one JSON object in a file (GPUWARM_REPORT). */
#ifndef GPUWARM_REPORT_H
#define GPUWARM_REPORT_H

#include "base/file.h"
#include "base/text.h"
#include "cuda/warm.h"

struct report {
    const char *program;
    const char *reason;
    const char *detail;          /* of a process that was not warmed: what spoke against it last; NULL: nothing yet */
    const char *trigger;         /* the moment, "load", "serve", "fork" or "spawn"; NULL: none */
    const struct warmth *warmth; /* NULL: nothing was warmed */
    unsigned forked_after;       /* how often it called fork(2) since it was warmed */
    bool waiting;                /* nothing yet: the moment is still to come */
    bool late;                   /* a client was connected before the warm-up began */
    bool ends;                   /* its process ends: the report of another one is left as it is, dead or alive */
};

/* Appends the JSON object. Pure but for the process id and start time. */
void report_format(const struct report *report, struct text *text);

/*
 * Writes the report to the file that `pattern` names (%p is the process id), whole: into a temporary file beside it,
 * which is then renamed. What is not a regular file (a pipe, a device) is written to directly and never waited for. So
 * is a descriptor (under /dev/fd), which has to be the file `named` (file_named at the start). A report of a process
 * that was not warmed does not replace one of another process that is alive. NULL on success, else why it could not be
 * written.
 */
const char *report_write(const struct report *report, const char *pattern, const struct identity *named);

/* Who wrote a report: the process id, and its start time as the marker has it; 0 where the text has none. */
struct report_writer {
    long pid;
    unsigned long long start;
};

/* Pure. */
struct report_writer report_writer(const char *text);

#endif
