/* SPDX-License-Identifier: MIT */
/*
 * The marker: the environment variable GPUWARM_MARKER, "<pid>:<start time>:<local rank>", by which a process that was
 * warmed at load keeps its descendants from being warmed too. The start time (clock ticks after boot, field 22 of
 * /proc/PID/stat, proc(5)) tells a process that came through exec, and is to be warmed again, from another one that
 * was later given the same pid.
 */
#ifndef GPUWARM_MARKER_H
#define GPUWARM_MARKER_H

#include <stddef.h>

struct marker {
    long pid;
    unsigned long long start;
    int rank; /* -1: none */
};

enum marker_relation {
    MARKER_NONE,       /* no marker, or one that nobody can read */
    MARKER_SELF,       /* this very process, before it called exec */
    MARKER_ANCESTOR,   /* another process, with the same local rank */
    MARKER_OTHER_RANK, /* another process, with another local rank */
};

/* What `text`, the variable's value or NULL, means to the process `self`. Pure. */
enum marker_relation marker_relate(const char *text, const struct marker *self);

/* The start time in the contents of /proc/PID/stat, 0 when there is none. Pure. */
unsigned long long marker_start_time(const char *stat);

/* The start time of a process, 0 when it is not known. */
unsigned long long marker_start_of(long pid);

/* This process with this rank. */
struct marker marker_self(int rank);

/* Sets the variable (environment.h). Only before main: the program may change its environment from then on. */
void marker_set(char ***environment, const struct marker *self);

#endif
