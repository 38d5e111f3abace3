// link: cuda
/* SPDX-License-Identifier: MIT */
/*
 * A CUDA executable that makes a child and uses CUDA there, and after it itself. Built once for each way to make one
 * (Makefile: CHILD_WAYS), and at a fixed address too: what it imports is what tells it from others. `library` leaves it
 * to libforks.so, which knows nothing of CUDA. Lines go to a copy of 1: the child of forkpty has a terminal there.
 */
#include "uses_gpu.h"
#include <pty.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_BY_fork    1
#define CHILD_BY__Fork   2
#define CHILD_BY_daemon  3
#define CHILD_BY_forkpty 4
#define CHILD_BY_library 5
#ifndef CHILD_BY
#define CHILD_BY CHILD_BY_fork
#endif

int library_fork(void);

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
#else
    return fork();
#endif
}

int main(void)
{
    char line[128] = "";
    int out = dup(1);
    pid_t child = child_make();
    if (child < 0)
        return 1;
    if (child > 0)
        waitpid(child, NULL, 0);
    gpu_use(line, sizeof line);
    dprintf(out, "%s: %s\n", child ? "parent" : "child", line);
    return 0;
}
