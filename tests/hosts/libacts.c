/* SPDX-License-Identifier: MIT */
/*
 * See libacts.h. A library, for its constructor: it runs before that of a preloaded library, so that a thread which it
 * starts is there while a program is warmed before main.
 */
#include "libacts.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    const char *what;
    useconds_t after;
    pthread_t thread;
    bool at_load;
} later;

static char *true_program[] = {"/bin/true", NULL}, *self[] = {"/proc/self/exe", "main", "0", "nothing", "return", NULL};

void child_wait(pid_t child, bool killed)
{
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status) && WEXITSTATUS(status) != ENDS_CHILD && WEXITSTATUS(status) != 0)
        _exit(ENDS_CHILD_WRONG);
    if (WIFSIGNALED(status) && !(killed && (WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGKILL)))
        kill(getpid(), WTERMSIG(status));
}

static void fork_and(const char *what)
{
    pid_t child = fork();
    if (child == 0) {
        if (strcmp(what, "fork-exec") == 0)
            execv(true_program[0], true_program);
        if (strcmp(what, "fork") == 0)
            exit(ENDS_CHILD);
        _exit(ENDS_CHILD);
    }
    child_wait(child, false);
}

void act(const char *what)
{
    if (strncmp(what, "fork", 4) == 0)
        fork_and(what);
    else if (strcmp(what, "exit") == 0)
        exit(ENDS_EXIT);
    else if (strcmp(what, "_exit") == 0)
        _exit(ENDS_EXIT_NOW);
    else if (strcmp(what, "abort") == 0)
        abort();
    else if (strcmp(what, "terminate") == 0)
        kill(getpid(), SIGTERM);
    else if (strcmp(what, "exec") == 0)
        execv(true_program[0], true_program);
    else if (strcmp(what, "again") == 0)
        execv(self[0], self);
}

static void *wait_and_act(void *unused)
{
    usleep(later.after);
    act(later.what);
    return unused;
}

pthread_t act_later(const char *what, const char *microseconds)
{
    later.what = what;
    later.after = (useconds_t)strtoul(microseconds, NULL, 10);
    pthread_create(&later.thread, NULL, wait_and_act, NULL);
    return later.thread;
}

bool act_started_at_load(pthread_t *thread)
{
    *thread = later.thread;
    return later.at_load;
}

__attribute__((constructor)) static void start(int argc, char **argv)
{
    later.at_load = argc > 3 && strcmp(argv[1], "load") == 0;
    if (later.at_load)
        act_later(argv[3], argv[2]);
}
