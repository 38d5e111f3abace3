/* SPDX-License-Identifier: MIT */
/* See signals.h. sigprocmask(2) acts on the calling thread alone on Linux, and is in every C library's libc. */
#include "base/signals.h"
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const int writing[] = {SIGPIPE, SIGXFSZ, SIGTTOU};
static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void hold(struct signals *signals, const sigset_t *held)
{
    sigemptyset(&signals->handled);
    sigemptyset(&signals->let_in);
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

bool signals_are_all(const sigset_t *mask)
{
    static const int others[] = {SIGKILL, SIGSTOP, 32, 33};
    sigset_t rest;
    sigfillset(&rest);
    for (size_t i = 0; i < COUNT(faults); i++)
        sigdelset(&rest, faults[i]);
    for (size_t i = 0; i < COUNT(others); i++)
        sigdelset(&rest, others[i]);
    for (int signal = 1; signal < SIGNALS; signal++)
        if (sigismember(&rest, signal) == 1 && !sigismember(mask, signal))
            return false;
    return true;
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

/*
 * Has a child changed its state, which would have raised SIGCHLD without us too? The driver waits for what it starts
 * (nvidia-modprobe, where a device file is missing). The signal itself does not tell: one stands for several, and names
 * the first. Nothing is left to find with SA_NOCLDWAIT, and where the system may not be asked: then it has.
 */
static bool child_has_changed(const struct sigaction *action)
{
    siginfo_t info = {.si_signo = 0};
    int changes = WEXITED | (action->sa_flags & SA_NOCLDSTOP ? 0 : WSTOPPED | WCONTINUED);
    if (action->sa_flags & SA_NOCLDWAIT)
        return true;
    if (syscall(SYS_waitid, (long)P_ALL, 0L, &info, (long)(changes | WNOHANG | WNOWAIT), NULL) != 0)
        return errno != ECHILD;
    return info.si_signo != 0;
}

/*
 * To this thread. Of itself a thread may say that a signal came from anywhere, since Linux 2.6.39. Signal 0: nothing is
 * sent.
 */
static bool signal_put(int signal, siginfo_t *info)
{
    return syscall(SYS_rt_tgsigqueueinfo, (long)getpid(), syscall(SYS_gettid), (long)signal, info) == 0;
}

static bool signal_take(int signal, siginfo_t *info)
{
    const struct timespec none = {0, 0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return syscall(SYS_rt_sigtimedwait, &set, info, &none, (long)SIGNALS_MASK_BYTES) == signal;
}

/*
 * Has the kernel sent it, for a timer, and nobody else? That only a signal which was taken tells; it is put back as it
 * was, so that its handler is told the same. Not taken where it could not be put back.
 */
static bool is_of_kernel(int signal)
{
    siginfo_t info = {.si_code = SI_KERNEL};
    sigset_t pending;
    if (!signal_put(0, &info) || !signal_take(signal, &info))
        return false;
    sigpending(&pending);
    bool others = sigismember(&pending, signal); /* sent to the thread and to the process, or by several timers */
    bool is_kernels = info.si_code > 0 || info.si_code == SI_TIMER;
    signal_put(signal, &info);
    return is_kernels && !others;
}

/*
 * Has the warm-up caused it? Waiting, the program would have used no processor time. A child that ends right after it
 * was looked for is taken for ours: its handler runs, and does not interrupt, as if it had come before the wait.
 */
static bool is_ours(int signal, const struct sigaction *action)
{
    return signal == SIGCHLD                          ? !child_has_changed(action)
           : signal == SIGPROF || signal == SIGVTALRM ? is_of_kernel(signal)
                                                      : false;
}

enum signals_came signals_came(struct signals *signals, const sigset_t *mask)
{
    enum signals_came came = SIGNALS_NONE;
    struct sigaction action;
    sigset_t pending;
    sigpending(&pending);
    for (int signal = 1; signal < SIGNALS; signal++) {
        if (!sigismember(&signals->handled, signal) || !sigismember(&pending, signal) ||
            sigismember(mask ? mask : &signals->mask, signal) || !signals_has_handler(signal, &action))
            continue;
        bool ours = !sigismember(&signals->pending, signal) && is_ours(signal, &action);
        /* What only the call lets in interrupts it by itself, if we leave it to it. */
        if (sigismember(&signals->mask, signal)) {
            if (ours)
                sigaddset(&signals->let_in, signal);
        } else if (!ours && came != SIGNALS_INTERRUPTING) {
            came = action.sa_flags & SA_RESTART ? SIGNALS_RESTARTING : SIGNALS_INTERRUPTING;
        }
    }
    return came;
}

/* Handlers run here. One that leaves by siglongjmp leaves nothing undone but the mask, which it has of its own. */
static void deliver(const struct signals *signals)
{
    sigset_t mask = signals->mask;
    bool any = false;
    for (int signal = 1; signal < SIGNALS; signal++) {
        if (!sigismember(&signals->let_in, signal))
            continue;
        sigdelset(&mask, signal);
        any = true;
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (any)
        sigprocmask(SIG_SETMASK, &signals->mask, NULL);
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
    deliver(signals);
    errno = saved;
}
