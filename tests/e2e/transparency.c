/* SPDX-License-Identifier: MIT */
/* After a warm-up the process is as the program's own first CUDA call would have left it. */
#include "run.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(transparency, .init = run_setup, .fini = run_teardown);

/* `text` without the line that shows the marker, which is the one thing that may differ. */
static const char *without_marker(char *text)
{
    char *line = strstr(text, "env GPUWARM_MARKER\n");
    if (line)
        memmove(line, line + 19, strlen(line + 19) + 1);
    return text;
}

/* How many threads there were when main began, and `text` without that; an emulator has threads of its own. */
static int threads_take(char *text)
{
    int count = 0;
    char *line = strstr(text, "threads before ");
    cr_assert(line && sscanf(line, "threads before %d", &count) == 1, "%s", text);
    memmove(line, strchr(line, '\n'), strlen(strchr(line, '\n')) + 1);
    return count;
}

/*
 * Compares what the program found. The marker, and the driver's two threads that exist when main begins, are expected
 * of a warm-up; nothing else may differ.
 */
static void expect_same_process(const char *const *settings)
{
    struct run without = run_program(PLAIN, LIST(run_host("state")), settings);
    struct run with = run_program(PRELOADED, LIST(run_host("state")), settings);
    cr_assert_eq(without.status, 3);
    cr_assert_eq(with.status, 3);
    cr_assert_not_null(strstr(with.out, "env GPUWARM_MARKER\n"), "it was warmed, so the marker is set");
    cr_assert_eq(threads_take(with.out), threads_take(without.out) + 2);
    cr_assert_str_eq(without_marker(with.out), without.out);
    cr_assert_str_eq(with.err, without.err);
}

Test(transparency, the_program_finds_the_same_process)
{
    expect_same_process(NULL);
}

Test(transparency, the_program_finds_the_same_process_when_all_is_written_down)
{
    expect_same_process(LIST(run_env("GPUWARM_LOG_FILE=%s", run_scratch("log")), "GPUWARM_LOG=debug",
                             run_env("GPUWARM_REPORT=%s", run_scratch("report"))));
}

Test(transparency, a_warm_process_has_a_context_and_none_is_current)
{
    struct run with = run_program(PRELOADED, LIST(run_host("state")), NULL);
    cr_assert_not_null(strstr(with.out, "cuInit 0, cuCtxGetCurrent 0, current none\n"), "%s", with.out);
    struct journal *journal = journal_read();
    cr_assert_eq(journal_calls(journal, "cuCtxPushCurrent_v2", NULL),
                 journal_calls(journal, "cuCtxPopCurrent_v2", NULL));
    cr_assert_gt(journal_calls(journal, "cuCtxPushCurrent_v2", NULL), 0);
    cr_assert_eq(journal_calls(journal, "cuDevicePrimaryCtxRelease_v2", NULL), 0, "retained for good");
}

/* On a free 0, 1 or 2 the driver's files would be the program's standard input or output. */
Test(transparency, closed_standard_descriptors_stay_closed)
{
    const char *const *closings = LIST("exec <&-", "exec 2>&-", "exec <&- 2>&-");
    for (; *closings; closings++) {
        const char *script = run_env("%s; exec %s", *closings, run_host("state"));
        struct run run = run_program(PRELOADED, LIST("/bin/bash", "-c", script), NULL);
        cr_expect_eq(run.status, 3);
        cr_expect_not_null(strstr(run.out, "env GPUWARM_MARKER\n"), "it was warmed");
        for (int fd = 0; fd <= 2; fd++) {
            bool closed = (fd == 0 && strstr(*closings, "<&-")) || (fd == 2 && strstr(*closings, "2>&-"));
            cr_expect_eq(strstr(run.out, run_env("fd %d: ", fd)) == NULL, closed, "%s: %s", *closings, run.out);
        }
    }
}

/* The driver's threads must not take a signal that the program blocks later, to wait for it. */
Test(transparency, signals_that_the_program_waits_for_reach_it)
{
    for (enum preload preload = PLAIN; preload <= PRELOADED; preload++) {
        struct run run = run_program(preload, LIST(run_host("waits_for_signal")), NULL);
        cr_expect_eq(run.status, 0, "%d", run.status);
        cr_expect_str_eq(run.out, "cuInit 0, orderly end at signal 15\n");
    }
}

/* The driver keeps what it compiled in a file; where files may not grow, that raises SIGXFSZ. */
Test(transparency, a_limit_on_file_sizes_kills_nobody)
{
    if (run_emulated())
        cr_skip_test("the emulator writes a file of its own when /proc/self/stat is read");
    const char *script = run_env("ulimit -f 0; exec %s", run_host("first_call"));
    struct run run =
        run_program(PRELOADED, LIST("/bin/bash", "-c", script), LIST("SIMCUDA_JOURNAL=", "GPUWARM_LOG=info"));
    cr_expect_eq(run.status, 0, "%d", run.status);
    cr_expect_str_eq(run.out, "Simulated GPU 0: same\n");
    cr_expect_not_null(strstr(run.err, " warm "), "%s", run.err);
}

/* Every handle that `make` gave out is given back through `drop`: "key=value" words must pair up. */
static void expect_balanced(const struct journal *journal, const char *make, const char *drop, const char *key)
{
    cr_expect_gt(journal_calls(journal, make, NULL), 0, "%s", make);
    cr_expect_eq(journal_calls(journal, make, NULL), journal_calls(journal, drop, NULL), "%s", make);
    for (size_t i = 0; i < journal->count; i++) {
        const char *handle = strstr(journal->lines[i].detail, key);
        if (strcmp(journal->lines[i].function, make) == 0)
            cr_expect_gt(journal_calls(journal, drop, handle), 0, "%s of %s is not given back", make, handle);
    }
}

Test(transparency, what_was_allocated_is_freed)
{
    run_program(PRELOADED, LIST(run_host("plain")),
                LIST("GPUWARM_TRIGGER=load", "SIMCUDA_DEVICES=2", "GPUWARM_DEVICE=all"));
    struct journal *journal = journal_read();
    expect_balanced(journal, "cuMemAlloc_v2", "cuMemFree_v2", "pointer=");
    expect_balanced(journal, "cuMemHostAlloc", "cuMemFreeHost", "pointer=");
    expect_balanced(journal, "cuModuleLoadDataEx", "cuModuleUnload", "module=");
    expect_balanced(journal, "cuStreamCreate", "cuStreamDestroy_v2", "stream=");
    for (size_t i = 0; i < journal->count; i++)
        cr_expect_eq(journal->lines[i].result, 0, "%s", journal->lines[i].function);
    cr_expect_eq(journal_calls(journal, "cuLaunchKernel", "stream=own"), 2);
    cr_expect_eq(journal_calls(journal, "cuLaunchKernel", "stream=default"), 0);
    cr_expect_eq(journal_calls(journal, "cuStreamCreate", "flags=1"), journal_calls(journal, "cuStreamCreate", NULL));
}

Test(transparency, no_libcuda_leaves_no_trace)
{
    const char *nowhere = "LD_LIBRARY_PATH=/nonexistent";
    const char *const *argv = LIST(run_host("plain"), "GPUWARM_MARKER", "GPUWARM_SAID");
    struct run without = run_program(PLAIN, argv, LIST(nowhere));
    struct run with = run_program(PRELOADED, argv, LIST(nowhere, "GPUWARM_TRIGGER=load", "GPUWARM_LOG=off"));
    cr_assert_eq(without.status, 7);
    cr_assert_eq(with.status, 7);
    cr_assert_str_eq(with.out, without.out, "no errno, no dlerror, no marker, nothing said");
    cr_assert_str_empty(with.err);
}

Test(transparency, standard_output_is_the_programs)
{
    const char *const *levels =
        LIST("GPUWARM_LOG=off", "GPUWARM_LOG=error", "GPUWARM_LOG=warn", "GPUWARM_LOG=info", "GPUWARM_LOG=debug");
    for (; *levels; levels++) {
        struct run run = run_program(PRELOADED, LIST(run_host("first_call")), LIST(*levels));
        cr_expect_str_eq(run.out, "Simulated GPU 0: same\n", "%s", *levels);
        bool quiet = strcmp(*levels, "GPUWARM_LOG=info") != 0 && strcmp(*levels, "GPUWARM_LOG=debug") != 0;
        cr_expect_eq(run.err[0] == '\0', quiet, "%s: %s", *levels, run.err);
    }
}

Test(transparency, a_tree_of_ordinary_programs_is_the_same)
{
    const char *script = "echo a | tr a b; (exit 3); echo $?; for i in 1 2 3; do printf '%s ' $i; done; "
                         "sh -c 'kill -TERM $$'; echo $?; true && ! false; awk 'BEGIN { exit 5 }'; echo $?";
    struct run without = run_program(PLAIN, LIST("/bin/sh", "-c", script), NULL);
    struct run with = run_program(PRELOADED, LIST("/bin/sh", "-c", script), NULL);
    cr_assert_not_null(strstr(without.out, "143"));
    cr_assert_eq(with.status, without.status);
    cr_assert_str_eq(with.out, without.out);
    cr_assert_str_eq(with.err, without.err);
    cr_assert_eq(journal_read()->count, 0);
}
