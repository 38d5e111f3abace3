/* SPDX-License-Identifier: MIT */
/* See trace.h. */
#include "trace.h"
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* A stop that is a system call's begin or end, and not a signal's (PTRACE_O_TRACESYSGOOD). */
enum { SYSTEM_CALL = SIGTRAP | 0x80 };

void trace_me(void)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(TRACE_REFUSED);
}

/* One more step of the child, which gets the signal that it stopped for. false: it has ended. */
static int go_on(pid_t child, int request, long signal, int *status)
{
    ptrace(request, child, NULL, signal);
    return waitpid(child, status, 0) == child && WIFSTOPPED(*status);
}

/* Stops of our own making carry no signal that the program is to see. */
static long signal_of(int status)
{
    int stop = WSTOPSIG(status);
    return stop == SIGTRAP || stop == SYSTEM_CALL || stop == SIGSTOP ? 0 : stop;
}

long trace_count(pid_t child, enum trace what, int *status)
{
    static const int requests[] = {[TRACE_SYSTEM_CALLS] = PTRACE_SYSCALL, [TRACE_INSTRUCTIONS] = PTRACE_SINGLESTEP};
    long steps = 0;
    int request = PTRACE_CONT, stops = 0, running = waitpid(child, status, 0) == child && WIFSTOPPED(*status);
    if (running)
        ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    while (running) {
        if (WSTOPSIG(*status) == SIGSTOP)
            request = ++stops == 1 ? requests[what] : PTRACE_CONT;
        else if (stops == 1)
            steps += WSTOPSIG(*status) == (what == TRACE_SYSTEM_CALLS ? SYSTEM_CALL : SIGTRAP);
        running = go_on(child, request, signal_of(*status), status);
    }
    *status = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
    return stops != 2 ? -1 : what == TRACE_SYSTEM_CALLS ? (steps + 1) / 2 : steps;
}
