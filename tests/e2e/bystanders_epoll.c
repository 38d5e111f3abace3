/* SPDX-License-Identifier: MIT */
/*
 * A master that puts its listening socket in an epoll set and only then forks the workers that wait on it: they are
 * warmed, and it is not. A side thread that waits there is none that serves.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(bystanders_epoll, .init = run_setup, .fini = run_teardown);

enum { WORKERS = 2 };

#define WORKS "worker: ready 1, cuInit 0, retain 0\n"

static struct run run_master(const char *const *words, const char *setting)
{
    const char *const *argv = LIST(run_host("shares_epoll"), words[0], words[0] ? words[1] : NULL);
    const char *const *settings = LIST(run_env("GPUWARM_REPORT=%s", run_scratch("report.%p")), setting);
    struct run without = run_program(PLAIN, argv, settings);
    cr_assert_eq(without.status, 8, "%s", without.err);
    cr_assert_str_eq(without.out, WORKS WORKS);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, settings);
    cr_expect_eq(with.status, without.status, "%d", with.status);
    return with;
}

/* How many processes were warmed; each must say that this was its moment. */
static size_t warmed(const char *trigger)
{
    size_t warm_ups = 0;
    struct journal *journal = journal_read();
    for (size_t i = 0; i < journal->count; i++) {
        if (strcmp(journal->lines[i].function, "cuLaunchKernel") != 0)
            continue;
        const cJSON *report = report_read(run_scratch(run_env("report.%d", journal->lines[i].pid)));
        cr_assert_not_null(report);
        cr_expect_str_eq(report_text(report, "trigger"), trigger);
        warm_ups++;
    }
    return warm_ups;
}

static void expect_works(const char *const *words, const char *setting, const char *trigger, size_t warm_ups)
{
    struct run run = run_master(words, setting);
    cr_expect_str_eq(run.out, WORKS WORKS, "%s: %s", setting, run.out);
    cr_expect_str_empty(run.err, "%s: %s", setting, run.err);
    cr_expect_eq(warmed(trigger), warm_ups, "%s", setting);
}

/* Each at its first accept: there is a connection already, which epoll_wait has told it of. */
Test(bystanders_epoll, workers_that_load_cuda_themselves_are_warmed)
{
    expect_works(LIST(NULL), NULL, "serve", WORKERS);
    expect_works(LIST(NULL), "GPUWARM_TRIGGER=serve", "serve", WORKERS);
    expect_works(LIST(NULL), "GPUWARM_TRIGGER=fork", "fork", 0);
}

Test(bystanders_epoll, workers_of_a_master_that_has_loaded_cuda_are_warmed)
{
    expect_works(LIST("cuda"), NULL, "serve", WORKERS);
    expect_works(LIST("cuda"), "GPUWARM_TRIGGER=serve", "serve", WORKERS);
    expect_works(LIST("cuda"), "GPUWARM_TRIGGER=fork", "fork", WORKERS);
    expect_works(LIST("cuda"), "GPUWARM_TRIGGER=off", "", 0);
    expect_works(LIST("cuda"), "GPUWARM_DEVICE=none", "", 0);
}

Test(bystanders_epoll, a_thread_that_waits_on_what_the_initial_thread_has_made)
{
    expect_works(LIST("cuda", "thread"), NULL, "serve", 0);
    expect_works(LIST("cuda", "thread"), "GPUWARM_TRIGGER=serve", "serve", 1);
}

/* But in a library that serves on threads of its own, also where another thread has waited before. */
Test(bystanders_epoll, a_thread_of_a_library_that_serves)
{
    expect_works(LIST("cuda", "library"), NULL, "serve", 1);
    expect_works(LIST("cuda", "library"), "GPUWARM_TRIGGER=serve", "serve", 1);
}
