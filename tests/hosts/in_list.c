/* SPDX-License-Identifier: MIT */
/*
 * in_list WAY [cuda] [early]: a server whose side thread goes through the loader's list of objects all the time, as
 * unwinders and profilers do, and so mostly holds its lock. WAY: `_Fork` and `clone` make children without the C
 * library's fork handlers, which wait for connections and end: both are async-signal-safe. `jump` leaves poll(2), which
 * is so too, by siglongjmp out of a signal handler, many times, and opens a library then. With `cuda` it has opened the
 * driver; with `early` nothing has called a hooked function before.
 */
#include "list.h"
#include "waits.h"
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

enum { CHILDREN = 20, JUMPS = 2000 };

#pragma weak _Fork
#if !__GLIBC_PREREQ(2, 34)
extern pid_t _Fork(void);
#endif

static int listener;
static sigjmp_buf place;
static volatile sig_atomic_t jumps;

static pid_t child_make(const char *way)
{
    return strcmp(way, "clone") == 0 ? (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) : _Fork();
}

static int children(const char *way)
{
    int ended_by_signal = 0, status;
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    if (strcmp(way, "_Fork") == 0 && !_Fork)
        return 3;
    for (int i = 0; i < CHILDREN; i++, usleep(1000))
        if (child_make(way) == 0) {
            alarm(10);
            poll(&polled, 1, 1);
            select(0, NULL, NULL, NULL, &(struct timeval){0, 1000});
            _exit(0);
        }
    while (wait(&status) > 0)
        ended_by_signal += WIFSIGNALED(status);
    printf("%d children ended by a signal\n", ended_by_signal);
    return 4;
}

static void handle_jump(int signal)
{
    jumps++;
    siglongjmp(place, signal);
}

static void *open_library(void *unused)
{
    printf("opened: %d\n", dlopen("libm.so.6", RTLD_NOW) != NULL);
    return unused;
}

/* Another thread opens the library: the lock is one that its owner may take again. */
static int jump(void)
{
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    const struct itimerval often = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};
    pthread_t thread;
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = handle_jump}, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    sigsetjmp(place, 1);
    while (jumps < JUMPS)
        poll(&polled, 1, 0);
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGALRM, SIG_DFL);
    alarm(10);
    pthread_create(&thread, NULL, open_library, NULL);
    pthread_join(thread, NULL);
    return 4;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    bool early = strcmp(argv[argc - 1], "early") == 0;
    if (argc < 2)
        return 2;
    if (argc > 2 && strcmp(argv[2], "cuda") == 0 && !dlopen("libcuda.so.1", RTLD_NOW))
        puts(dlerror());
    if (strcmp(argv[1], "jump") == 0)
        return listener = waits_listen(), jump();
    if (!early)
        listener = waits_listen();
    pthread_create(&thread, NULL, list_walk, NULL);
    return children(argv[1]);
}
