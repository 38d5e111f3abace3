// link: cuda
/* SPDX-License-Identifier: MIT */
/*
 * A CUDA executable that makes a child and uses CUDA there, and after it itself. Built once for each way to make one
 * (Makefile: CHILD_WAYS), and at a fixed address too: what it imports is what tells it from others. `library` leaves it
 * to libforks.so, which knows nothing of CUDA. Lines go to a copy of 1: the child of forkpty has a terminal there.
 */
#include "uses_gpu.h"
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_BY_fork    1
#define CHILD_BY__Fork   2
#define CHILD_BY_daemon  3
#define CHILD_BY_forkpty 4
#define CHILD_BY_library 5
#define CHILD_BY_clone   6
#ifndef CHILD_BY
#define CHILD_BY CHILD_BY_fork
#endif

int library_fork(void);

static int out;

static int use_and_say(void *who)
{
    char line[128] = "";
    gpu_use(line, sizeof line);
    dprintf(out, "%s: %s\n", (const char *)who, line);
    return 0;
}

#if CHILD_BY == CHILD_BY_clone
/* What clone calls would end only its own thread when it returns, and not the driver's. */
static int child(void *who)
{
    _exit(use_and_say(who));
}
#endif

static int child_make(void)
{
#if CHILD_BY == CHILD_BY__Fork
#if __GLIBC_PREREQ(2, 34)
    return _Fork();
#else
    return -1;
#endif
#elif CHILD_BY == CHILD_BY_daemon
    return daemon(1, 1); /* 0 in the daemon; the parent ends */
#elif CHILD_BY == CHILD_BY_forkpty
    int terminal;
    return forkpty(&terminal, NULL, NULL, NULL);
#elif CHILD_BY == CHILD_BY_library
    return library_fork();
#elif CHILD_BY == CHILD_BY_clone
    static char stack[1 << 20] __attribute__((aligned(16)));
    return clone(child, stack + sizeof stack, SIGCHLD, "child");
#else
    return fork();
#endif
}

int main(void)
{
    out = dup(1);
    pid_t made = child_make();
    if (made < 0)
        return 1;
    if (made > 0)
        waitpid(made, NULL, 0);
    return use_and_say(made ? "parent" : "child");
}
