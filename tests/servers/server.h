/* SPDX-License-Identifier: MIT */
/*
 * Real servers, started in the background with and without the library, asked, and stopped: what they answered, which
 * processes accepted, and what the simulated driver saw. servers.def has the servers.
 */
#ifndef SERVER_H
#define SERVER_H

#include "run.h"
#include <sys/types.h>

enum { ANSWERS_LEAST = 20, ANSWERS_MAX = 480, CONNECTIONS_AT_ONCE = 4, WORKERS_MAX = 8 };

struct server {
    int workers;         /* how many processes serve; each must have answered */
    const char *trigger; /* the moment at which each of them is warmed; NULL: serve */
    bool queue;          /* true: its work comes from a queue, it accepts no connection */
    bool threads;        /* true: answers on other threads than the one that accepts */
    bool any_thread;     /* true: warmed on another thread than the first */
    bool activated;      /* true: started by the first connection, and so not warm before that */
    const char *const *environment;
    /* {port}, {build} and {scratch} in words of these stand for the free port, the build folder and the test's own. */
    const char *const *command;
    const char *const *client; /* asks, and prints the answers; NULL: HTTP. Not preloaded */
};

/* A line of gpu_answer(). */
struct answer {
    int pid;
    long long began_ns;
    char text[512];
};

/* A connection that accept or accept4 returned. */
struct accepted {
    int pid;
    long long at_ns;
};

struct served {
    const struct server *server;
    int status; /* as struct run's: after SIGTERM to the process that was started */
    int count, pid_count, accepted_count;
    struct answer answers[ANSWERS_MAX];
    struct accepted accepted[ANSWERS_MAX * 2];
    int pids[WORKERS_MAX]; /* who answered */
    char problem[512];     /* empty, or why the server could not be asked as it should have been */
    char out[16384], err[16384];
    struct journal *journal;
};

/* Where the answers go: false when there are enough of them, from all processes that serve. */
bool served_add(struct served *served, const char *text);
bool served_enough(const struct served *served);

/*
 * Starts the server with `environment` (NULL-terminated) added to its own, preloaded with the libraries of `preload`
 * (as in LD_PRELOAD; NULL: none), asks until each process has answered and ANSWERS_LEAST answers came, stops it, and
 * collects. With `idle` nobody connects before all that serve are warm, or IDLE_MS have passed, which is a problem. It
 * fails no test: see `problem`. GPUWARM_REPORT is {scratch}/report-<pid>.
 */
struct served *server_run(const struct server *server, const char *preload, const char *const *environment, bool idle);

/* Ends what a test that was cut short has left. To be called after each test. */
void server_teardown(void);

/* Asks the HTTP server on this port. `program` is looked at while it has not come up: one that ended does not answer.
 */
void ask_http(struct served *served, int port, pid_t program);

/* The expectations. `cold` is the same server without the library. */
void expect_works(const struct served *served);
void expect_same(const struct served *cold, const struct served *warm);
void expect_warmed_once(const struct served *warm);
void expect_not_warmed(const struct served *served);

#endif
