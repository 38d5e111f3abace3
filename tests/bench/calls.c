/* SPDX-License-Identifier: MIT */
/*
 * `make bench`: what the library adds to one call of a hooked function, in instructions of the program and in system
 * calls, counted by tracing a loop with and without it (tests/hosts/loops.c): exact, and the same at each run. Prints;
 * judges nothing (tests/e2e/cost.c does).
 *
 *     calls BUILD-FOLDER
 */
#include "process.h"
#include "trace.h"
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TIMES = 100, WORDS = 2 };

static const struct state {
    const char *name, *words[WORDS];
} states[] = {
    {"nothing listened", {NULL}},           {"nothing listened, CUDA is loaded", {"cuda"}},
    {"a server without CUDA", {"listens"}}, {"a server with CUDA, not at its socket", {"cuda", "listens"}},
    {"decided", {"init", "serves"}},
};

static const struct {
    const char *name;
    int calls; /* in one turn of the loop */
} calls[] = {{"poll", 1}, {"select", 1}, {"epoll_ctl", 2}, {"epoll_wait", 1}, {"accept", 1}};
enum { STATES = sizeof states / sizeof *states, CALLS = sizeof calls / sizeof *calls };

static void become(const char *build, bool preloaded, int call, const struct state *state)
{
    static char path[2 * PATH_MAX], library[2 * PATH_MAX], preload[2 * PATH_MAX], times[16];
    static char home[] = "HOME=/nonexistent", words[WORDS][16], name[16];
    char *argv[6] = {path, name, times}, *environment[4] = {library, home, preloaded ? preload : NULL};
    snprintf(path, sizeof path, "%s/tests/hosts/loops", build);
    snprintf(library, sizeof library, "LD_LIBRARY_PATH=%s/simcuda", build);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s/libgpuwarm.so", build);
    snprintf(times, sizeof times, "%d", TIMES);
    snprintf(name, sizeof name, "%s", calls[call].name);
    for (int i = 0; i < WORDS && state->words[i]; i++) {
        snprintf(words[i], sizeof words[i], "%s", state->words[i]);
        argv[i + 3] = words[i];
    }
    trace_me();
    execve(path, argv, environment);
    _exit(127);
}

static long counted(const char *build, bool preloaded, int call, const struct state *state, enum trace what)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        become(build, preloaded, call, state);
    long count = trace_count(child, what, &status);
    if (count < 0) {
        printf("  not counted: %s\n", status == TRACE_REFUSED ? "nothing may be traced here" : "the loop did not run");
        exit(status == TRACE_REFUSED ? 0 : 1);
    }
    return count;
}

static double added(const char *build, int call, const struct state *state, enum trace what)
{
    long with = counted(build, true, call, state, what), without = counted(build, false, call, state, what);
    return (double)(with - without) / (TIMES * calls[call].calls);
}

int main(int argc, char **argv)
{
    char build[4096];
    process_arguments(argc, argv, ROUNDS_MAX, build);
    printf("\nAdded to one call, instructions and system calls (goals: 8 at most and none where nothing listened, and\n"
           "once decided; epoll_ctl is as often with EPOLL_CTL_ADD as with EPOLL_CTL_DEL):\n\n  %-38s",
           "");
    for (int call = 0; call < CALLS; call++)
        printf(" %14s", calls[call].name);
    for (int state = 0; state < STATES; state++) {
        printf("\n  %-38s", states[state].name);
        for (int call = 0; call < CALLS; call++)
            printf(" %8.1f %5.2f", added(build, call, &states[state], TRACE_INSTRUCTIONS),
                   added(build, call, &states[state], TRACE_SYSTEM_CALLS));
        fflush(stdout);
    }
    putchar('\n');
    return 0;
}
