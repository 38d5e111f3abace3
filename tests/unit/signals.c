/* SPDX-License-Identifier: MIT */
/* Signals held back: what writing raises is dropped, what came from elsewhere is delivered afterwards. */
#include "signals.h"
#include <criterion/criterion.h>
#include <errno.h>

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

static void handle_with(int number, int flags)
{
    struct sigaction action = {.sa_handler = catch, .sa_flags = flags};
    cr_assert_eq(sigaction(number, &action, NULL), 0);
}

static void ignore(int number)
{
    cr_assert_eq(sigaction(number, &(struct sigaction){.sa_handler = SIG_IGN}, NULL), 0);
}

Test(signals, handled_ones_are_held_and_others_still_kill)
{
    struct signals signals;
    handle(SIGUSR1);
    handle(SIGSEGV);
    ignore(SIGHUP);
    signals_hold_handled(&signals);
    cr_expect(is_blocked(SIGUSR1));
    cr_expect(is_blocked(SIGPIPE), "what writing raises, too");
    cr_expect_not(is_blocked(SIGSEGV), "a fault cannot wait");
    cr_expect_not(is_blocked(SIGHUP));
    cr_expect_not(is_blocked(SIGTERM), "its default action ends the program");
    signals_release(&signals);
    cr_expect_not(is_blocked(SIGUSR1));
    cr_expect_not(is_blocked(SIGPIPE));
}

Test(signals, nothing_came)
{
    struct signals signals;
    handle(SIGUSR1);
    signals_hold_handled(&signals);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_NONE);
    signals_release(&signals);
    cr_expect_eq(caught, 0);
}

Test(signals, what_came_would_have_interrupted_or_not)
{
    struct signals signals;
    handle_with(SIGUSR1, SA_RESTART);
    handle_with(SIGUSR2, 0);
    signals_hold_handled(&signals);
    raise(SIGUSR1);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_RESTARTING);
    raise(SIGUSR2);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_INTERRUPTING, "one of them is enough");
    cr_expect_eq(caught, 0, "not before it is released");
    signals_release(&signals);
    cr_expect(caught == SIGUSR1 * 100 + SIGUSR2 || caught == SIGUSR2 * 100 + SIGUSR1);
}

Test(signals, what_writing_raises_came_from_elsewhere_where_it_is_handled)
{
    struct signals signals;
    handle(SIGPIPE);
    signals_hold_handled(&signals);
    raise(SIGPIPE);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_INTERRUPTING);
    signals_release(&signals);
    cr_expect_eq(caught, SIGPIPE, "delivered");
}

Test(signals, what_writing_raises_is_dropped_where_nobody_handles_it)
{
    struct signals signals;
    signals_hold_handled(&signals);
    raise(SIGPIPE);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_NONE);
    signals_release(&signals); /* would end the test */
}

Test(signals, what_the_program_blocked_does_not_count)
{
    struct signals signals;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    handle(SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signals_hold_handled(&signals);
    raise(SIGUSR1);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_NONE);
    signals_release(&signals);
    cr_expect(is_blocked(SIGUSR1));
    cr_expect_eq(caught, 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    cr_expect_eq(caught, SIGUSR1, "and is not lost");
}

Test(signals, what_has_no_handler_any_more_does_not_count)
{
    struct signals signals;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    handle(SIGUSR1);
    signals_hold_handled(&signals);
    raise(SIGUSR1);
    cr_assert_eq(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = SIG_DFL}, NULL), 0);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_NONE);
    cr_expect_eq(sigtimedwait(&set, NULL, &(struct timespec){0, 0}), SIGUSR1, "else it would end the test");
    signals_release(&signals);
}

Test(signals, has_a_handler)
{
    struct sigaction action;
    handle_with(SIGUSR1, SA_RESTART);
    ignore(SIGUSR2);
    cr_expect(signals_has_handler(SIGUSR1, &action));
    cr_expect(action.sa_flags & SA_RESTART);
    cr_expect_not(signals_has_handler(SIGUSR2, &action));
    cr_expect_not(signals_has_handler(SIGHUP, &action));
    cr_expect_not(signals_has_handler(SIGNALS, &action), "there is no such signal");
}

Test(signals, release_keeps_errno)
{
    struct signals signals;
    signals_hold_all(&signals);
    errno = 77;
    signals_release(&signals);
    cr_expect_eq(errno, 77);
}
