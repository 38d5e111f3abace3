/* SPDX-License-Identifier: MIT */
/*
 * Comparing what a client (a program that nobody here wrote) does without the library and with it: what it prints, how
 * it ends, and which calls of the driver it makes. The journal tells whose calls are whose: those of a warm-up come
 * first, and after them the same calls must come as without the library.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "run.h"

struct client {
    struct run cold, warm; /* without the library, and with it */
    struct journal *own;   /* the client's calls: all of the run without the library */
    struct journal *calls; /* all calls of the run with it: the warm-up's, then the client's */
    size_t warm_up;        /* how many of these are the warm-up's */
    cJSON *report;         /* NULL: none was written */
};

/* Runs argv both ways in the same environment. GPUWARM_REPORT is set; nothing is expected yet. */
struct client client_run(const char *const *argv, const char *const *environment);

/* The client printed the same, ended the same, made the same calls with the same results after those of the warm-up. */
void client_expect_same(const struct client *client);

/* As above; and nothing was warmed. */
void client_expect_left_alone(const struct client *client);

/*
 * As above, but for the warm-up: it did all of `stages` (of the names in stages.def, separated by commas), succeeded,
 * ran on the first thread, and ended before the client's first call began.
 */
void client_expect_warmed(const struct client *client, const char *stages);

#endif
