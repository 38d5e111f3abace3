/* SPDX-License-Identifier: MIT */
/*
 * How threads and processes end, and how they are interrupted: cancelled, left by pthread_exit, exit or a signal, at
 * any point, a warm-up included. Each program is run with and without the library and must do the same.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(endings, .init = run_setup, .fini = run_teardown);

/* How many warm-ups were carried through. */
static size_t warm_ups(void)
{
    const struct journal *journal = journal_read();
    size_t launched = journal_calls(journal, "cuLaunchKernel", "name=gpuwarm_kernel");
    return launched == journal_calls(journal, "cuMemFreeHost", NULL) ? launched : 1000;
}

/* Runs the program with and without the library; it must do the same, and end with `status`. How often it was warmed.
 */
static size_t same(int status, const char *const *argv, const char *const *environment)
{
    struct run without = run_program(PLAIN, argv, environment);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, environment);
    const char *words[4] = {"", "", "", ""};
    for (int i = 0; i < 4 && argv[i]; i++)
        words[i] = argv[i];
    const char *what = run_env("%s %s %s (%s): %d, %s%s", words[1], words[2], words[3],
                               environment ? environment[0] : "", with.status, with.out, with.err);
    cr_expect_eq(without.status, status, "%s without: %d, %s", what, without.status, without.out);
    cr_expect_eq(with.status, without.status, "%s", what);
    cr_expect_str_eq(with.out, without.out, "%s without: %s", what, without.out);
    cr_expect_str_eq(with.err, without.err, "%s", what);
    return warm_ups();
}

static const char *const moments[] = {"before", "during", "after"};

static void cancelled(const char *who, const char *trigger)
{
    const char *const *ways = LIST("accept", "accept4", "poll", "ppoll", "select", "pselect", "epoll");
    const char *const *settings = LIST(trigger, "SIMCUDA_LATENCY_MS=cuInit=500");
    for (; *ways; ways++)
        for (int moment = 0; moment < 3; moment++) {
            const char *const *argv = LIST(run_host("cancelled"), *ways, moments[moment], who);
            cr_expect_eq(same(5, argv, settings), 1, "%s %s %s", *ways, moments[moment], who ? who : "");
        }
}

/* The request takes effect in the call that waits, and neither in the warm-up nor where nothing is cancelled. */
Test(endings, a_thread_that_waits_is_cancelled_as_before)
{
    cancelled(NULL, "GPUWARM_TRIGGER=serve");
}

Test(endings, the_initial_thread_is_cancelled_as_before)
{
    cancelled("initial", "GPUWARM_TRIGGER=auto");
}

/* At any point of its own, for which nothing that waits is made, but programs do it. */
Test(endings, a_thread_that_may_be_cancelled_at_any_point)
{
    cancelled("asynchronous", "GPUWARM_TRIGGER=serve");
}
