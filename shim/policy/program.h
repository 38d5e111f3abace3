/* SPDX-License-Identifier: MIT */
/*
 * What a process runs, from its arguments: the program's name, and for an interpreter its script or module. And
 * whether the skip list (skip.def) has it. Pure.
 */
#ifndef GPUWARM_PROGRAM_H
#define GPUWARM_PROGRAM_H

#include "base/log.h"
#include <stdbool.h>
#include <stddef.h>

/* What Python's multiprocessing has started the process for. */
enum program_role {
    ROLE_NONE,
    ROLE_SPAWNED,     /* a worker of a process of its own (start method "spawn") */
    ROLE_FORK_SERVER, /* forks workers when it is asked to (start method "forkserver") */
    ROLE_TRACKER,     /* removes what other processes leave behind; runs nothing of the program's */
};

struct program {
    const char *name;   /* argv[0] without folder and without a login shell's "-"; never NULL */
    const char *script; /* Python's or Perl's script without folder, or the module after -m; NULL when none */
    char *const *argv;  /* ends with NULL */
    enum program_role role;
};

/* Borrows from argv. */
struct program program_from(int argc, char *const *argv);

/* Is it asked for nothing but its version or help: is its one argument --version, --help, -h or -V? */
bool program_asks_only(int argc, char *const *argv);

/* The entry of a skip list that matched. */
struct skip {
    const char *glob;
    size_t length;
    const char *kind;     /* "job launcher", or "GPUWARM_SKIP" for an entry of that */
    enum log_level level; /* at which the program says that it is skipped (skip.def) */
};

/*
 * Is the program on the built-in list (unless `extra` is "none") or among `extra`, comma-separated globs or NULL?
 * Then *skip is the entry that matched. Calls no function by name where `extra` is NULL.
 */
bool program_skip(const struct program *program, const char *extra, struct skip *skip);

/* Writes "torchrun (job launcher)". */
void program_skip_describe(const struct skip *skip, char *why, size_t size);

#endif
