/* SPDX-License-Identifier: MIT */
/*
 * What cuInit costs the process that the program may notice by its signals: a helper that makes missing device files,
 * whose end raises SIGCHLD, and processor time, by which timers run (SIGPROF, SIGVTALRM). And fork handlers, for which
 * the C library takes a lock.
 */
#include "simcuda.h"
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* As libnvidia's does it: fork, exec without the program's environment, and wait for that child alone. */
static bool helper_run(void)
{
    int status = -1;
    pid_t ended, helper = fork();
    if (helper == 0) {
        execle("/bin/true", "true", (char *)NULL, (char *[]){"PATH=/sbin", NULL});
        _exit(1);
    }
    do
        ended = waitpid(helper, &status, 0);
    while (ended < 0 && errno == EINTR);
    return ended == helper && status == 0;
}

static void handle_fork(void)
{
}

static int64_t cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return used.tv_sec * INT64_C(1000000000) + used.tv_nsec;
}

void simcuda_effort(struct call *call)
{
    const struct settings *settings = simcuda_settings();
    int64_t until = cpu_ns() + settings->cpu_ms * INT64_C(1000000);
    if (settings->fork_handlers)
        pthread_atfork(handle_fork, handle_fork, handle_fork);
    if (settings->helper)
        simcuda_call_detail(call, "helper=%s", helper_run() ? "reaped" : "lost");
    /* Mostly the program's time and not the kernel's, which ITIMER_VIRTUAL does not count. */
    while (settings->cpu_ms && cpu_ns() < until)
        for (volatile int i = 0; i < 100000; i++)
            ;
}
