/* SPDX-License-Identifier: MIT */
/*
 * What a process knows of itself from its start on, and what it says: kept for the moments that come later, when the
 * program may have changed its environment or written over its arguments, so every string is a copy.
 */
#ifndef GPUWARM_SESSION_H
#define GPUWARM_SESSION_H

#include "cuda/warm.h"
#include "elf/libc.h"
#include "policy/facts.h"
#include "report/once.h"
#include <limits.h>
#include <sys/types.h>

struct session {
    struct config config;
    struct libc libc;
    struct image image;
    struct loaded loaded;
    struct log log;
    struct once once;
    struct process process;
    struct decision decision;
    char program[256];
    char log_file[PATH_MAX];
    char report[PATH_MAX];
    char library_path[PATH_MAX];     /* LD_LIBRARY_PATH as the loader read it; cut where it is longer */
    struct identity report_named;    /* the descriptor that this leads to, as it was at the start */
    bool report_refused;             /* it could not be written, and that was said */
    char reason[640];                /* of the decision, or of the warm-up once there was one, in words */
    char visible[256];               /* CUDA_VISIBLE_DEVICES when the process was warmed; empty: not set */
    char *const *environment;        /* the list of variables that it was found in */
    struct stage_outcome prefetched; /* what was read ahead before the process waited for its moment */
    enum trigger warmed_at;          /* when it was warmed */
    struct warmth warmth;            /* what came of that */
    bool late;                       /* a client was connected before it began */
    bool refused;                    /* a moment came and was not taken */
    enum reason refusal;             /* why, the last time */
    unsigned forked_after;           /* how often the warmed process called fork(2) since */
    unsigned forked_told;            /* how many of those were told */
};

/* Reads settings and facts and decides. false: this is no place for us, and nothing is said. */
bool session_open(struct session *session, const struct start *start);

/* Copies the strings that were borrowed from the environment and the arguments. Before main goes on. */
void session_keep(struct session *session);

/* Says what was decided, where it is not to warm now: complaints, log line, report. */
void session_tell(struct session *session);

/*
 * Warms on this thread, and says so. `late`: the process has served before, without CUDA, so where it has initialised
 * CUDA since there is nothing to gain. `reason` is why now. Signals, cancellation and errno are the caller's.
 */
void session_warm(struct session *session, enum trigger trigger, bool late, const char *reason);

/* Was the stage `libraries` asked for, and is there a device on which it could run? */
bool session_has_libraries(const struct session *session);

/* Once more, for libraries that were loaded since (stage `libraries`), and says so where there are any. */
void session_warm_libraries(struct session *session);

/* Reads ahead for a process that is warmed later (stage `prefetch`), where that is asked for. */
void session_prefetch(struct session *session);

/*
 * Is a report or a line at `info` wanted? Only then is anything asked of the system, or written, where a process is not
 * warmed: a filter may allow it nothing.
 */
bool session_wants_words(const struct session *session);

/* Has each process a report of its own (%p)? */
bool session_report_is_own(const struct session *session);

/* Logs and reports that the process is not warmed, for a reason that showed only now. `so_far`: it still may be. */
void session_skip(struct session *session, bool so_far, const char *reason);

/* Reports that it waits still, with the last refusal. */
void session_wait(struct session *session);

/*
 * At the end of a process that was not warmed: logs and reports the last refusal, and else `refusal`. `asked`: the user
 * has named what to warm (config.asks), and gets the line at `warn`.
 */
void session_end(struct session *session, enum reason refusal, bool asked);

/* Says how often the warmed process has forked since, and that GPUWARM_TRIGGER=`trigger` warms its children. */
void session_tell_forks(struct session *session, const char *trigger);

/* At exit of the process `warmed`: whether it changed CUDA_VISIBLE_DEVICES after its warm-up, which came too late. */
void session_check_visible(const struct session *session, pid_t warmed);

#endif
