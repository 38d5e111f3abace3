/* SPDX-License-Identifier: MIT */
/* Signals held back: what writing raises is dropped, what came from elsewhere is delivered afterwards. */
#include "signals.h"
#include <criterion/criterion.h>

static volatile sig_atomic_t caught;

static void catch (int signal)
{
    caught = caught * 100 + signal;
}

static bool is_blocked(int signal)
{
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    return sigismember(&mask, signal) == 1;
}

static void handle(int number)
{
    struct sigaction action = {.sa_handler = catch};
    cr_assert_eq(sigaction(number, &action, NULL), 0);
}

Test(signals, what_writing_raises_is_dropped)
{
    static const int numbers[] = {SIGPIPE, SIGXFSZ, SIGTTOU};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct signals signals;
        handle(numbers[i]);
        signals_hold_writing(&signals);
        cr_expect(is_blocked(numbers[i]));
        cr_expect_not(is_blocked(SIGTERM));
        raise(numbers[i]);
        signals_release(&signals);
        cr_expect_not(is_blocked(numbers[i]));
    }
    cr_expect_eq(caught, 0);
}

Test(signals, what_was_pending_stays)
{
    sigset_t set, pending;
    struct signals signals;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGPIPE);
    signals_hold_writing(&signals);
    signals_release(&signals);
    sigpending(&pending);
    cr_expect(sigismember(&pending, SIGPIPE));
    cr_expect(is_blocked(SIGPIPE), "it was before");
}

Test(signals, others_are_delivered_afterwards)
{
    struct signals signals;
    handle(SIGUSR1);
    handle(SIGPIPE);
    signals_hold_all(&signals);
    cr_expect(is_blocked(SIGTERM));
    cr_expect(is_blocked(SIGINT));
    cr_expect_not(is_blocked(SIGSEGV), "a fault cannot wait");
    raise(SIGUSR1);
    raise(SIGPIPE);
    cr_expect_eq(caught, 0);
    signals_release(&signals);
    cr_expect_eq(caught, SIGUSR1);
    cr_expect_not(is_blocked(SIGTERM));
}
