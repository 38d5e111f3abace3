/* SPDX-License-Identifier: MIT */
/* See signals.h. sigprocmask(2) acts on the calling thread alone on Linux, and is in every C library's libc. */
#include "signals.h"
#include <errno.h>
#include <stddef.h>
#include <time.h>

static const int writing[] = {SIGPIPE, SIGXFSZ, SIGTTOU};
static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void hold(struct signals *signals, const sigset_t *held)
{
    sigpending(&signals->pending);
    sigprocmask(SIG_BLOCK, held, &signals->mask);
}

void signals_hold_writing(struct signals *signals)
{
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < COUNT(writing); i++)
        sigaddset(&held, writing[i]);
    hold(signals, &held);
}

void signals_hold_all(struct signals *signals)
{
    sigset_t held;
    sigfillset(&held);
    for (size_t i = 0; i < COUNT(faults); i++)
        sigdelset(&held, faults[i]);
    hold(signals, &held);
}

void signals_release(const struct signals *signals)
{
    const struct timespec none = {0, 0};
    int saved = errno;
    sigset_t ours;
    sigemptyset(&ours);
    for (size_t i = 0; i < COUNT(writing); i++)
        if (!sigismember(&signals->pending, writing[i]))
            sigaddset(&ours, writing[i]);
    while (sigtimedwait(&ours, NULL, &none) > 0)
        ;
    sigprocmask(SIG_SETMASK, &signals->mask, NULL);
    errno = saved;
}
