/* SPDX-License-Identifier: MIT */
/*
 * GPUWARM_TRIGGER=spawn: each worker that Python's multiprocessing spawns is warmed once, before its main, and nobody
 * else. And what multiprocessing starts besides is warmed under no trigger.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(spawn, .init = run_setup, .fini = run_teardown);

enum { WORKERS = 2, WORDS_MAX = 8, SETTINGS_MAX = 8 };

static const char kernel[] = "name=gpuwarm_kernel", methods[][12] = {"spawn", "forkserver"};

/* `first`, then `more`, in a list that is valid until the test ends. */
static const char *const *joined(const char *const *first, const char *const *more)
{
    const char **list = calloc(WORDS_MAX + SETTINGS_MAX, sizeof *list);
    size_t count = 0;
    cr_assert_not_null(list);
    while (*first)
        list[count++] = *first++;
    while (more && *more)
        list[count++] = *more++;
    return list;
}

/* Python's program is as it was without; the journal of the run with the library is left. */
static void expect_same(const char *method, const char *const *steps, const char *const *more)
{
    static const char python[] = "/usr/bin/python3";
    const char *const *check = LIST(python, "-c", "import concurrent.futures.process, multiprocessing.forkserver");
    if (run_program(PLAIN, check, NULL).status != 0)
        cr_skip_test("%s with its standard library is not installed", python);
    const char *const *argv = joined(LIST(python, "-B", run_host("spawns.py"), method), steps),
                      *const *settings = joined(LIST(run_env("PYTHONPATH=%s", run_host("")),
                                                     "PYTHONDONTWRITEBYTECODE=1", "GPUWARM_TRIGGER=spawn"),
                                                more);
    struct run without = run_program(PLAIN, argv, settings);
    cr_assert_eq(without.status, 0, "%s", without.err);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, settings);
    cr_expect_eq(with.status, without.status, "%s %s: %d", method, *steps, with.status);
    cr_expect_str_eq(with.out, without.out, "%s %s: %s\nnot\n%s", method, *steps, with.out, without.out);
    cr_expect_str_eq(with.err, without.err, "%s %s: %s", method, *steps, with.err);
}

static bool is_call(const struct journal_line *line, int pid, const char *function, const char *detail)
{
    return line->pid == pid && strcmp(line->function, function) == 0 && strstr(line->detail, detail);
}

/* How often that process was warmed, all of it before its own first use of memory. */
static size_t warmed_first(const struct journal *journal, int pid)
{
    size_t warmed = 0;
    bool used = false;
    for (size_t i = 0; i < journal->count; i++) {
        used |= is_call(&journal->lines[i], pid, "cuMemAlloc_v2", "bytes=4096");
        warmed += !used && is_call(&journal->lines[i], pid, "cuLaunchKernel", kernel);
    }
    return warmed;
}

/* So many processes were warmed, each once and first of all; `first`: not the one that used CUDA first. */
static void expect_warmed(const char *what, size_t workers, bool first)
{
    struct journal *journal = journal_read();
    cr_expect_eq(journal_calls(journal, "cuLaunchKernel", kernel), workers, "%s: %zu warmed, not %zu", what,
                 journal_calls(journal, "cuLaunchKernel", kernel), workers);
    for (size_t i = 0; i < journal->count; i++)
        if (strcmp(journal->lines[i].function, "cuLaunchKernel") == 0)
            cr_expect_eq(warmed_first(journal, journal->lines[i].pid), 1, "%s", what);
    cr_expect(!first || (journal->count && warmed_first(journal, journal->lines[0].pid) == 0), "%s: the parent", what);
}

/* Also where the parent uses CUDA, before and after. */
static void expect_workers(const char *step, size_t workers)
{
    for (int i = 0; i < 2; i++) {
        expect_same(methods[i], LIST(step), NULL);
        expect_warmed(methods[i], workers, false);
        expect_same(methods[i], LIST("itself", step, "itself"), NULL);
        expect_warmed(methods[i], workers, true);
    }
}

Test(spawn, processes)
{
    expect_workers("process", WORKERS);
}

Test(spawn, workers_of_a_pool)
{
    expect_workers("pool", WORKERS);
}

Test(spawn, workers_of_an_executor)
{
    expect_workers("executor", 1);
}

/* Data loaders of a worker would each take a context. */
Test(spawn, a_worker_of_a_worker_is_left_alone)
{
    for (int i = 0; i < 2; i++) {
        expect_same(methods[i], LIST("nested"), NULL);
        expect_warmed(methods[i], 1, false);
    }
}

/* Two devices are visible and nobody names one: each worker has the driver, and no context before its own. */
Test(spawn, a_device_that_is_told_later_is_not_guessed)
{
    const char *report = run_env("GPUWARM_REPORT=%s", run_scratch("report.%p"));
    for (int i = 0; i < 2; i++) {
        expect_same(methods[i], LIST("process"), LIST("SIMCUDA_DEVICES=2", report));
        struct journal *journal = journal_read();
        cr_expect_eq(journal_calls(journal, "cuInit", NULL), (size_t)2 * WORKERS, "ours and its own");
        cr_expect_eq(journal_calls(journal, "cuDevicePrimaryCtxRetain", NULL), WORKERS, "its own alone");
        cr_assert_gt(journal->count, 0);
        cJSON *worker = report_read(run_scratch(run_env("report.%d", journal->lines[0].pid)));
        cr_assert_not_null(worker);
        cr_expect_str_eq(report_text(worker, "trigger"), "spawn");
        cr_expect_str_eq(report_text(worker, "result"), "skipped");
        cr_expect_not_null(strstr(report_text(worker, "reason"), "GPUWARM_DEVICE names it"));
        cr_expect_str_eq(report_text(report_stage(report_device(worker, 0), "driver"), "result"), "ok");
        cr_expect_str_eq(report_text(report_stage(report_device(worker, 0), "context"), "result"), "skipped");
    }
}

Test(spawn, a_device_that_is_named_is_warmed)
{
    static const char *const names[] = {"GPUWARM_DEVICE=1", "LOCAL_RANK=1"};
    for (int i = 0; i < 4; i++) {
        expect_same(methods[i % 2], LIST("process"), LIST("SIMCUDA_DEVICES=2", names[i / 2]));
        expect_warmed(names[i / 2], WORKERS, false);
        cr_expect_eq(journal_calls(journal_read(), "cuDevicePrimaryCtxRetain", "device=1"), WORKERS, "%s",
                     names[i / 2]);
    }
}

/* One worker would keep another off the GPU. */
Test(spawn, a_device_for_one_process_alone_is_left_to_the_program)
{
    for (int i = 0; i < 2; i++) {
        expect_same(methods[i], LIST("process"), LIST("SIMCUDA_COMPUTE_MODE=exclusive", "GPUWARM_DEVICE=0"));
        expect_warmed(methods[i], 0, false);
        cr_expect_eq(journal_calls(journal_read(), "cuInit", NULL), (size_t)2 * WORKERS);
    }
}

/* Without %p the report is the worker's, whoever else has one to write. */
Test(spawn, the_report_is_the_workers)
{
    for (int i = 0; i < 2; i++) {
        expect_same(methods[i], LIST("process"), LIST(run_env("GPUWARM_REPORT=%s", run_scratch("report"))));
        cJSON *worker = report_read(run_scratch("report"));
        cr_assert_not_null(worker);
        cr_expect_str_eq(report_text(worker, "result"), "warm");
        cr_expect_str_eq(report_text(worker, "trigger"), "spawn");
    }
}

/* It forks when it imports a module: no worker. */
Test(spawn, what_a_fork_server_forks_unasked_is_left_alone)
{
    expect_same("forkserver", LIST("preload", "process"), NULL);
    expect_warmed("preload", WORKERS, false);
    cr_expect_eq(journal_calls(journal_read(), "cuInit", NULL), (size_t)2 * WORKERS);
}

/* Left alone is the program; its workers are new processes, or they are forked and decide nothing. */
Test(spawn, helpers_are_not_warmed_at_load)
{
    const char *const *load = LIST("GPUWARM_TRIGGER=load", "GPUWARM_SKIP=spawns.py");
    expect_same("spawn", LIST("process"), load);
    expect_warmed("load", WORKERS, false);
    cr_expect_eq(journal_calls(journal_read(), "cuInit", NULL), (size_t)2 * WORKERS, "the tracker has none");
    expect_same("forkserver", LIST("process"), load);
    cr_expect_eq(journal_calls(journal_read(), "cuInit", NULL), WORKERS, "its own alone");
}

/* The socket listens already when the worker gets it. */
Test(spawn, a_worker_is_warmed_before_anybody_connects_to_what_it_was_given)
{
    for (int i = 0; i < 2; i++) {
        expect_same(methods[i], LIST("listener"), LIST("GPUWARM_TRIGGER=auto"));
        cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", kernel), 1, "%s", methods[i]);
    }
}
