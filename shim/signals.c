/* SPDX-License-Identifier: MIT */
/* See signals.h. sigprocmask(2) acts on the calling thread alone on Linux, and is in every C library's libc. */
#include "signals.h"
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const int writing[] = {SIGPIPE, SIGXFSZ, SIGTTOU};
static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void hold(struct signals *signals, const sigset_t *held)
{
    sigemptyset(&signals->handled);
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

bool signals_has_handler(int signal, struct sigaction *action)
{
    return sigaction(signal, NULL, action) == 0 && action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

void signals_hold_handled(struct signals *signals)
{
    sigset_t held, handled;
    struct sigaction action;
    sigemptyset(&held);
    for (int signal = 1; signal < SIGNALS; signal++)
        if (signals_has_handler(signal, &action))
            sigaddset(&held, signal);
    for (size_t i = 0; i < COUNT(faults); i++)
        sigdelset(&held, faults[i]);
    handled = held;
    for (size_t i = 0; i < COUNT(writing); i++)
        sigaddset(&held, writing[i]);
    hold(signals, &held);
    signals->handled = handled;
}

enum signals_came signals_came(const struct signals *signals, const sigset_t *mask)
{
    enum signals_came came = SIGNALS_NONE;
    struct sigaction action;
    sigset_t pending;
    sigpending(&pending);
    for (int signal = 1; signal < SIGNALS; signal++) {
        if (!sigismember(&signals->handled, signal) || sigismember(&signals->mask, signal) ||
            !sigismember(&pending, signal) || (mask && sigismember(mask, signal)) ||
            !signals_has_handler(signal, &action))
            continue;
        if (!(action.sa_flags & SA_RESTART))
            return SIGNALS_INTERRUPTING;
        came = SIGNALS_RESTARTING;
    }
    return came;
}

void signals_release(const struct signals *signals)
{
    const struct timespec none = {0, 0};
    int saved = errno;
    sigset_t ours;
    sigemptyset(&ours);
    for (size_t i = 0; i < COUNT(writing); i++)
        if (!sigismember(&signals->pending, writing[i]) && !sigismember(&signals->handled, writing[i]))
            sigaddset(&ours, writing[i]);
    /* By number: sigtimedwait is a point of cancellation, where the call that we are in may be none. */
    while (syscall(SYS_rt_sigtimedwait, &ours, NULL, &none, SIGNALS_MASK_BYTES) > 0)
        ;
    sigprocmask(SIG_SETMASK, &signals->mask, NULL);
    errno = saved;
}
