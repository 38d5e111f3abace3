/* SPDX-License-Identifier: MIT */
/*
 * GPUWARM_TRIGGER=fork: each child that the program forks is warmed once, and the fork is the same as without: whatever
 * the parent has, threads or a cancellation that is asked for, and whatever the driver does as it is initialised.
 */
#include "run.h"
#include <criterion/criterion.h>

TestSuite(forks, .init = run_setup, .fini = run_teardown);

enum { WORKERS = 4 };

static void expect_warm(const char *const *words, int status, size_t warmed, const char *setting)
{
    const char *const *argv = LIST(run_host("pool"), words[0], words[0] ? words[1] : NULL), *word = words[0];
    const char *const *settings = LIST("GPUWARM_TRIGGER=fork", setting);
    struct run without = run_program(PLAIN, argv, settings);
    cr_expect_eq(without.status, status, "%d, %s", without.status, without.err);
    cr_expect_str_eq(without.out, "4 workers use CUDA\n", "%s %s without: %s", word, setting, without.out);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, settings);
    cr_expect_eq(with.status, status, "%s %s: %d", word, setting, with.status);
    cr_expect_str_eq(with.out, without.out, "%s %s: %s", word, setting, with.out);
    cr_expect_str_empty(with.err, "%s", with.err);
    cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", "name=gpuwarm_kernel"), warmed, "%s %s", word,
                 setting);
}

Test(forks, workers_are_warmed)
{
    expect_warm(LIST(NULL), 4, WORKERS, NULL);
    expect_warm(LIST("library"), 4, 0, NULL);
}

/* The workers of a daemon too, whom daemon(3) makes with a fork of its own. */
Test(forks, workers_of_a_daemon_are_warmed)
{
    expect_warm(LIST("daemon"), 0, WORKERS, NULL);
}

/* glibc 2.28 to 2.35 hold a lock while fork handlers run there (seen with 2.31 in make test-anywhere). */
Test(forks, workers_of_a_process_with_threads_are_warmed)
{
    expect_warm(LIST("thread"), 4, WORKERS, NULL);
    expect_warm(LIST("thread"), 4, WORKERS, "SIMCUDA_HELPER=1");
    expect_warm(LIST("thread"), 4, WORKERS, "SIMCUDA_FORK_HANDLERS=1");
}

Test(forks, workers_of_a_thread_that_is_to_be_cancelled_are_warmed)
{
    const char *report = run_env("GPUWARM_REPORT=%s", run_scratch("report.%p"));
    expect_warm(LIST("cancelled"), 4, WORKERS, report);
    expect_warm(LIST("cancelled", "library"), 4, 0, report);
}

/* Such a thread may hold any lock. */
Test(forks, nothing_is_done_on_a_thread_that_may_be_cancelled_at_any_point)
{
    expect_warm(LIST("asynchronous"), 4, 0, NULL);
}

/* It may have interrupted malloc, whose lists the driver would find as they were then (seen to end the child). */
Test(forks, nothing_is_done_in_a_child_that_a_signal_handler_forks)
{
    expect_warm(LIST("handler"), 4, 0, NULL);
    expect_warm(LIST("handler", "library"), 4, 0, NULL);
}
