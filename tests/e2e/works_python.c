/* SPDX-License-Identifier: MIT */
/*
 * CUDA that must still work in Python programs: in the children of multiprocessing and subprocess, and with the GPU
 * that the program chooses in os.environ. The steps are those of tests/hosts/works.py.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(works_python, .init = run_setup, .fini = run_teardown);

enum { STEPS_MAX = 12, ARGUMENTS_MAX = STEPS_MAX + 5 };

static const char *const *python(const char *const *steps)
{
    const char **argv = calloc(ARGUMENTS_MAX, sizeof *argv);
    int count = 0;
    if (access("/usr/bin/python3", X_OK) != 0)
        cr_skip_test("/usr/bin/python3 is not installed");
    cr_assert_not_null(argv);
    argv[count++] = "/usr/bin/python3";
    argv[count++] = "-B";
    argv[count++] = "tests/hosts/works.py";
    argv[count++] = run_host("first_call");
    while (*steps && count < ARGUMENTS_MAX - 1)
        argv[count++] = *steps++;
    return argv;
}

/* Under SPAWN nobody takes a context here, since four GPUs are visible: tests/e2e/spawn.c. */
enum trigger { AUTO, SERVE, FORK, LOAD, SPAWN, TRIGGERS };

static const char *const trigger_settings[TRIGGERS] = {"GPUWARM_TRIGGER=auto", "GPUWARM_TRIGGER=serve",
                                                       "GPUWARM_TRIGGER=fork", "GPUWARM_TRIGGER=load",
                                                       "GPUWARM_TRIGGER=spawn"};

/* Where the program is known not to work: its first failing call is found, so that the test is seen to notice. */
enum { BREAKS = -1 };

/*
 * Does the steps without the library, and with it under each trigger, which must give the same. `warmed` is how many
 * processes are warmed then.
 */
static void expect_works(const char *const *steps, const int warmed[TRIGGERS])
{
    const char *const *argv = python(steps);
    struct run without = run_program(PLAIN, argv, LIST("SIMCUDA_DEVICES=4"));
    cr_assert_eq(without.status, 0, "%d: %s", without.status, without.err);
    cr_expect_null(strstr(without.out, ": cu"), "a call failed: %s", without.out);
    for (int i = 0; i < TRIGGERS; i++) {
        const char *trigger = trigger_settings[i];
        journal_clear();
        struct run with = run_program(PRELOADED, argv, LIST(trigger, "SIMCUDA_DEVICES=4"));
        if (warmed[i] == BREAKS) {
            cr_expect_str_neq(with.out, without.out, "%s: it works: %s", trigger, with.out);
            continue;
        }
        cr_expect_eq(with.status, without.status, "%s: %d", trigger, with.status);
        cr_expect_str_eq(with.out, without.out, "%s: %s, not %s", trigger, with.out, without.out);
        cr_expect_str_eq(with.err, without.err, "%s: %s", trigger, with.err);
        cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", "name=gpuwarm_kernel"), (size_t)warmed[i],
                     "%s: %zu warmed", trigger, journal_calls(journal_read(), "cuLaunchKernel", "name=gpuwarm_kernel"));
    }
}

#define WARMED(...) ((const int[TRIGGERS]){__VA_ARGS__})

Test(works_python, in_forked_workers)
{
    expect_works(LIST("load", "start=fork", "ask", "use"),
                 WARMED([AUTO] = 0, [SERVE] = 0, [FORK] = 2, [LOAD] = BREAKS));
    expect_works(LIST("load", "pool=fork", "use"), WARMED([AUTO] = 0, [SERVE] = 0, [FORK] = 1, [LOAD] = BREAKS));
}

Test(works_python, in_workers_of_new_processes)
{
    expect_works(LIST("load", "start=spawn", "ask", "use"), WARMED([AUTO] = 0, [SERVE] = 0, [FORK] = 0, [LOAD] = 1));
}

/* The server that forks the workers listens too, on a local socket. */
Test(works_python, in_workers_of_a_forkserver)
{
    expect_works(LIST("load", "start=forkserver", "ask", "use"),
                 WARMED([AUTO] = 0, [SERVE] = 0, [FORK] = 2, [LOAD] = 1));
}

/* Workers that were there before their parent came to serve; itself it is warmed then. */
Test(works_python, in_workers_of_a_parent_that_serves_later)
{
    expect_works(LIST("load", "start=fork", "serve", "ask", "use"),
                 WARMED([AUTO] = 1, [SERVE] = 1, [FORK] = 2, [LOAD] = BREAKS));
}

/* The parent listens, its workers are forked, and only then it comes to wait. */
Test(works_python, in_workers_of_a_parent_that_listens)
{
    expect_works(LIST("load", "listen", "start=fork", "ask", "serve", "use"),
                 WARMED([AUTO] = 1, [SERVE] = 1, [FORK] = 2, [LOAD] = BREAKS));
}

/* What serves on another thread is not the service; but by the user's word, which is known to be too much here. */
Test(works_python, in_workers_of_a_parent_that_serves_on_another_thread)
{
    expect_works(LIST("load", "aside", "start=fork", "ask", "use"),
                 WARMED([AUTO] = 0, [SERVE] = BREAKS, [FORK] = 2, [LOAD] = BREAKS));
}

/* A known limit, for which FORK is the remedy: who serves and forks after that has children that CUDA refuses. */
Test(works_python, in_workers_that_a_serving_process_forks_only_where_it_is_told)
{
    expect_works(LIST("load", "serve", "start=fork", "ask", "use"),
                 WARMED([AUTO] = BREAKS, [SERVE] = BREAKS, [FORK] = 2, [LOAD] = BREAKS));
}

/*
 * A child that calls exec is a program of its own, seven of which are run here, whatever its parent is. Under `fork`
 * what runs preexec_fn is warmed, three times, and forgotten.
 */
Test(works_python, in_programs_that_are_started)
{
    expect_works(LIST("load", "preexec", "closing", "spawning", "use"),
                 WARMED([AUTO] = 7, [SERVE] = 0, [FORK] = 3, [LOAD] = 1));
}

Test(works_python, in_programs_that_a_serving_process_starts)
{
    expect_works(LIST("load", "serve", "preexec", "closing", "spawning", "use"),
                 WARMED([AUTO] = 8, [SERVE] = 1, [FORK] = 3, [LOAD] = 1));
}

/* Before the driver is opened, or after that and before it is initialised. */
Test(works_python, with_the_GPU_that_the_program_chooses)
{
    expect_works(LIST("choose=2", "load", "use"), WARMED([AUTO] = 0, [SERVE] = 0, [FORK] = 0, [LOAD] = BREAKS));
    expect_works(LIST("choose=2", "load", "serve", "use"),
                 WARMED([AUTO] = 1, [SERVE] = 1, [FORK] = 0, [LOAD] = BREAKS));
    expect_works(LIST("load", "choose=2", "serve", "use"),
                 WARMED([AUTO] = 1, [SERVE] = 1, [FORK] = 0, [LOAD] = BREAKS));
    expect_works(LIST("load", "choose=2", "start=fork", "ask"),
                 WARMED([AUTO] = 0, [SERVE] = 0, [FORK] = 2, [LOAD] = BREAKS));
}

/* Said in one line at the end, with what to do instead. */
static void expect_too_late(struct run late, const char *instead)
{
    cr_expect_str_eq(strstr(late.out, "itself"), "itself: Simulated GPU 0: same\n", "%s", late.out);
    cr_expect_eq(line_count(late.err), 1, "%s", late.err);
    cr_expect_not_null(strstr(late.err, "set CUDA_VISIBLE_DEVICES to \"2\""), "%s", late.err);
    cr_expect_not_null(strstr(late.err, instead), "%s", late.err);
}

Test(works_python, too_late_a_choice_is_said)
{
    struct run loaded = run_program(PRELOADED, python(LIST("choose=2", "load", "use")),
                                    LIST("GPUWARM_TRIGGER=load", "SIMCUDA_DEVICES=4"));
    expect_too_late(loaded, "export it, or set GPUWARM_TRIGGER=serve");
    struct run served =
        run_program(PRELOADED, python(LIST("load", "serve", "choose=2", "use")), LIST("SIMCUDA_DEVICES=4"));
    expect_too_late(served, "export it, or set GPUWARM_TRIGGER=off");
}
