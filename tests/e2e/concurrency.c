/* SPDX-License-Identifier: MIT */
/*
 * Warm-ups at serve beside a thread that does what the driver is not safe against. What that may come to is what the
 * program's own first CUDA call may come to at the same point (a crash: getenv in the driver beside setenv, before
 * glibc 2.41; a deadlock: the loader's lock against the driver's). So each is run often, both ways, and nothing else
 * may come of it. How often it came to that is written to the log, and not compared.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <gnu/libc-version.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

TestSuite(concurrency, .init = run_setup, .fini = run_teardown);

enum { PROCESSES = 50 };

static bool was_warmed(void)
{
    struct journal *journal = journal_read();
    bool warmed = journal_calls(journal, "cuLaunchKernel", "name=gpuwarm_kernel") == 1;
    free(journal);
    return warmed;
}

/*
 * Runs it so often. How many ended as they should, warmed where that is to be; each other one must have ended by one of
 * these signals (0: none).
 */
static int ended_well(enum preload preload, const char *const *argv, const char *const *settings, int one, int other)
{
    int well = 0;
    for (int i = 0; i < PROCESSES; i++) {
        journal_clear();
        struct run run = run_program(preload, argv, settings);
        well += run.status == 5;
        cr_expect(run.status == 5 || (one && (run.status == 128 + one || run.status == 128 + other)), "%s %s: %d, %s",
                  argv[1], argv[2] ? argv[2] : "", run.status, run.err);
        if (run.status != 5)
            continue;
        cr_expect_str_eq(run.out, "poll 1\n");
        cr_expect_eq(was_warmed(), preload == PRELOADED);
        cr_expect_str_empty(run.err); /* but of one that aborts, which glibc may say */
    }
    return well;
}

/* Most end well in either way: the window is small. */
static void as_by_itself(const char *what, int one, int other)
{
    const char *const *serve = LIST("GPUWARM_TRIGGER=auto");
    int itself = ended_well(PLAIN, LIST(run_host("races"), what, "itself"), serve, one, other);
    int warmed = ended_well(PRELOADED, LIST(run_host("races"), what), serve, one, other);
    cr_log_info("%s: of %d processes %d ended well by themselves, %d warmed", what, PROCESSES, itself, warmed);
    cr_expect_gt(itself, PROCESSES / 2);
    cr_expect_gt(warmed, PROCESSES / 2);
}

static bool getenv_is_safe(void)
{
    const char *version = gnu_get_libc_version();
    char *rest;
    return strtol(version, &rest, 10) > 2 || strtol(rest + 1, NULL, 10) >= 41;
}

Test(concurrency, a_thread_that_sets_variables)
{
    if (run_emulated())
        cr_skip_test("the emulator adds a line to a crash");
    if (getenv_is_safe())
        as_by_itself("setenv", 0, 0);
    else
        as_by_itself("setenv", SIGSEGV, SIGABRT);
}

/* Where nobody reads them, nothing can happen: the end of a warm process is such a place. */
Test(concurrency, a_thread_that_sets_variables_while_the_process_ends)
{
    const char *const *load = LIST("GPUWARM_TRIGGER=load");
    cr_expect_eq(ended_well(PLAIN, LIST(run_host("races"), "setenv", "ends"), load, 0, 0), PROCESSES);
    cr_expect_eq(ended_well(PRELOADED, LIST(run_host("races"), "setenv", "ends"), load, 0, 0), PROCESSES);
}

Test(concurrency, a_thread_that_loads_plugins)
{
    as_by_itself("plugins", SIGALRM, SIGALRM);
}
