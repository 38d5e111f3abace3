/* SPDX-License-Identifier: MIT */
/*
 * What the hooked functions promise, the hooks promise too: those that are async-signal-safe are so, in a child of any
 * kind and in a handler, whether the process is looked at, has CUDA, or is on the skip list.
 */
#include "run.h"
#include <criterion/criterion.h>

TestSuite(hooks, .init = run_setup, .fini = run_teardown);

enum { LACKING = 3 };

static void expect_same(const char *const *argv, const char *setting, const char *out)
{
    const char *const *settings = LIST(setting);
    struct run without = run_program(PLAIN, argv, settings);
    if (without.status == LACKING)
        cr_skip_test("the C library has no such function");
    cr_expect_eq(without.status, 4, "%d, %s", without.status, without.err);
    cr_expect_str_eq(without.out, out, "%s", without.out);
    struct run with = run_program(PRELOADED, argv, settings);
    cr_expect_eq(with.status, 4, "%s: %d", setting, with.status);
    cr_expect_str_eq(with.out, out, "%s: %s", setting, with.out);
    cr_expect_str_empty(with.err, "%s", with.err);
}

static void children_of(const char *way)
{
    static const char out[] = "0 children ended by a signal\n";
    const char *const *settings =
        LIST("GPUWARM_TRIGGER=auto", "GPUWARM_TRIGGER=serve", "GPUWARM_TRIGGER=off", "GPUWARM_SKIP=in_list");
    for (; *settings; settings++) {
        expect_same(LIST(run_host("in_list"), way), *settings, out);
        expect_same(LIST(run_host("in_list"), way, "cuda"), *settings, out);
        expect_same(LIST(run_host("in_list"), way, "early"), *settings, out);
    }
}

Test(hooks, wait_in_children_of__Fork_beside_a_thread_in_the_list_of_objects)
{
    children_of("_Fork");
}

Test(hooks, wait_in_children_of_clone_beside_a_thread_in_the_list_of_objects)
{
    children_of("clone");
}

Test(hooks, are_left_by_a_jump_out_of_a_signal_handler)
{
    const char *const *settings = LIST("GPUWARM_TRIGGER=auto", "GPUWARM_TRIGGER=off", "GPUWARM_SKIP=in_list");
    for (; *settings; settings++)
        expect_same(LIST(run_host("in_list"), "jump"), *settings, "opened: 1\n");
    expect_same(LIST(run_host("in_list"), "jump", "cuda"), "GPUWARM_TRIGGER=auto", "opened: 1\n");
}
