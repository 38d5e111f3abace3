/* SPDX-License-Identifier: MIT */
/*
 * CUDA that must still work: programs that make children before they use CUDA, and programs that choose their GPU
 * themselves, each with and without the library. works_python.c has the same in Python, works_gpus.c GPUs that only one
 * process can have and programs in ranks.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(works, .init = run_setup, .fini = run_teardown);

static size_t warm_ups(void)
{
    return journal_calls(journal_read(), "cuLaunchKernel", "name=gpuwarm_kernel");
}

/* Runs the program with and without the library: it must do the same, and did `expected`. */
static void expect_same(const char *const *argv, const char *const *settings, const char *expected)
{
    struct run without = run_program(PLAIN, argv, settings);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, settings);
    cr_assert_eq(without.status, 0, "%s: %d %s", argv[0], without.status, without.err);
    cr_expect_str_eq(without.out, expected, "%s: %s", argv[0], without.out);
    cr_expect_eq(with.status, without.status, "%s: %d", argv[0], with.status);
    cr_expect_str_eq(with.out, without.out, "%s: %s", argv[0], with.out);
    cr_expect_str_eq(with.err, without.err, "%s: %s", argv[0], with.err);
}

#define WORKS  "Simulated GPU 0: same\n"
#define BROKEN "cuInit(0): 3\n"

/* Also for the parent, if there still is one. */
static void expect_children_work(const char *way, const char *expected)
{
    const char *const *triggers = LIST("GPUWARM_TRIGGER=auto", "GPUWARM_TRIGGER=serve", "GPUWARM_TRIGGER=fork");
    for (; *triggers; triggers++) {
        expect_same(LIST(run_host(run_env("child_by_%s", way))), LIST(*triggers), expected);
        expect_same(LIST(run_host(run_env("child_by_%s-no-pie", way))), LIST(*triggers), expected);
        cr_expect(strstr(*triggers, "fork") || warm_ups() == 0, "%s: warmed, and it serves nothing", *triggers);
    }
    struct run wrong =
        run_program(PRELOADED, LIST(run_host(run_env("child_by_%s", way))), LIST("GPUWARM_TRIGGER=load"));
    cr_expect_not_null(strstr(wrong.out, "child: " BROKEN), "the hazard is real: %s", wrong.out);
}

Test(works, in_a_child_of_fork)
{
    expect_children_work("fork", "child: " WORKS "parent: " WORKS);
}

Test(works, in_a_child_of__Fork)
{
#if !__GLIBC_PREREQ(2, 34)
    cr_skip_test("glibc before 2.34 has no _Fork");
#endif
    expect_children_work("_Fork", "child: " WORKS "parent: " WORKS);
}

Test(works, in_a_daemon)
{
    expect_children_work("daemon", "child: " WORKS);
}

Test(works, in_a_child_with_a_terminal)
{
    expect_children_work("forkpty", "child: " WORKS "parent: " WORKS);
}

Test(works, in_a_child_of_clone)
{
    expect_children_work("clone", "child: " WORKS "parent: " WORKS);
}

Test(works, in_a_child_that_a_library_makes_which_knows_no_CUDA)
{
    expect_children_work("library", "child: " WORKS "parent: " WORKS);
}

/* Of four GPUs, the one that the program asks for before its first CUDA call. */
static void expect_chosen(const char *host, const char *way)
{
    const char *const *triggers = LIST("GPUWARM_TRIGGER=auto", "GPUWARM_TRIGGER=serve", "GPUWARM_TRIGGER=fork");
    for (; *triggers; triggers++) {
        const char *const *settings = LIST(*triggers, "SIMCUDA_DEVICES=4");
        expect_same(LIST(run_host(host), way, "2"), settings, "Simulated GPU 2: same\n");
        expect_same(LIST(run_host(host), way, "2", "serve"), settings, "Simulated GPU 2: same\n");
        cr_expect_eq(warm_ups(), strstr(*triggers, "fork") == NULL, "%s: warmed where it serves", *triggers);
    }
    struct run wrong = run_program(PRELOADED, LIST(run_host(host), way, "2"),
                                   LIST("GPUWARM_TRIGGER=load", "SIMCUDA_DEVICES=4", "GPUWARM_LOG=off"));
    cr_expect_str_eq(wrong.out, "Simulated GPU 0: same\n", "the hazard is real: %s", wrong.out);
}

Test(works, with_the_GPU_that_the_program_chooses)
{
    expect_chosen("chooses_by", "setenv");
    expect_chosen("chooses_by", "putenv");
    expect_chosen("chooses_by", "environ");
}

Test(works, with_the_GPU_whose_variable_is_named_in_pieces)
{
    expect_chosen("copies_name", "copy");
    expect_chosen("copies_name_slowly", "copy");
}

Test(works, with_the_GPU_that_a_library_chooses_which_knows_no_CUDA)
{
    expect_chosen("chooses_in_library", "library");
}

/* Set before the process starts, it is the program's choice and the library's at once: warmed before main. */
Test(works, with_the_GPU_that_was_chosen_for_the_program)
{
    expect_same(LIST(run_host("first_call")), LIST("CUDA_VISIBLE_DEVICES=3", "SIMCUDA_DEVICES=4"),
                "Simulated GPU 3: same\n");
    cr_expect_eq(warm_ups(), 1);
}
