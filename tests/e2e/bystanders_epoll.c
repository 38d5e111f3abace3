/* SPDX-License-Identifier: MIT */
/*
 * A master that puts its listening socket in an epoll set and only then forks the workers that wait on it. Where CUDA
 * is loaded in the workers it works as everywhere; where the master has loaded it, the master is taken for the server,
 * and CUDA fails in the workers: a limit (docs/design.md) that they tell of, and for which there are two settings.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(bystanders_epoll, .init = run_setup, .fini = run_teardown);

enum { WORKERS = 2 };

#define WORKS "worker: ready 1, cuInit 0, retain 0\n"
#define FAILS "worker: ready 1, cuInit 3, retain 3\n"

static struct run run_master(const char *word, const char *setting)
{
    const char *const *argv = LIST(run_host("shares_epoll"), word);
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

static void expect_works(const char *word, const char *setting, const char *trigger, size_t warm_ups)
{
    struct run run = run_master(word, setting);
    cr_expect_str_eq(run.out, WORKS WORKS, "%s: %s", setting, run.out);
    cr_expect_str_empty(run.err, "%s: %s", setting, run.err);
    cr_expect_eq(warmed(trigger), warm_ups, "%s", setting);
}

/* Each at its first accept: there is a connection already, which epoll_wait has told it of. */
Test(bystanders_epoll, workers_that_load_cuda_themselves_are_warmed)
{
    expect_works(NULL, NULL, "serve", WORKERS);
    expect_works(NULL, "GPUWARM_TRIGGER=serve", "serve", WORKERS);
    expect_works(NULL, "GPUWARM_TRIGGER=fork", "fork", 0);
}

Test(bystanders_epoll, a_master_that_has_loaded_cuda_is_taken_for_the_server)
{
    const char *const settings[] = {NULL, "GPUWARM_TRIGGER=serve"};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        struct run run = run_master("cuda", settings[i]);
        cr_expect_str_eq(run.out, FAILS FAILS, "%s", run.out);
        cr_expect_eq(warmed("serve"), 1);
        cr_expect_eq(line_count(run.err), WORKERS, "%s", run.err);
        const char *line = "shares_epoll: forked from a process that had initialised CUDA, so CUDA cannot work in it; "
                           "GPUWARM_TRIGGER=fork warms such processes themselves\n";
        const char *first = strstr(run.err, line);
        cr_expect(first && strstr(first + 1, line), "%s", run.err);
    }
}

Test(bystanders_epoll, with_fork_or_off_such_a_server_works)
{
    expect_works("cuda", "GPUWARM_TRIGGER=fork", "fork", WORKERS);
    expect_works("cuda", "GPUWARM_TRIGGER=off", "", 0);
    expect_works("cuda", "GPUWARM_DEVICE=none", "", 0);
}
