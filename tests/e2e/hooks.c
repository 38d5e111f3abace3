/* SPDX-License-Identifier: MIT */
/*
 * What the hooked functions promise, the hooks promise too: those that are async-signal-safe are so, in a child of any
 * kind and in a handler, whether the process is looked at, has CUDA, or is on the skip list.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <string.h>

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
    if (run_emulated())
        cr_skip_test("the emulator is too slow for so many jumps, without the library too");
    const char *const *settings = LIST("GPUWARM_TRIGGER=auto", "GPUWARM_TRIGGER=off", "GPUWARM_SKIP=in_list");
    for (; *settings; settings++)
        expect_same(LIST(run_host("in_list"), "jump"), *settings, "opened: 1\n");
    expect_same(LIST(run_host("in_list"), "jump", "cuda"), "GPUWARM_TRIGGER=auto", "opened: 1\n");
}

/* ---- the next definition of fork ------------------------------------------------------------------------------------
 */

/* `start`, if any, is what starts it: the loader as a command. */
static void expect_handled(const char *start, const char *preloads, const char *const *settings)
{
    const char *host = run_host("handles_fork");
    const char *const *all = LIST(run_env("LD_PRELOAD=%s", preloads), settings[0], settings[0] ? settings[1] : NULL);
    struct run run = run_program(PRELOADED, start ? LIST(start, host) : LIST(host), all);
    cr_expect_eq(run.status, 4, "%d, %s", run.status, run.err);
    cr_expect_str_eq(run.out, "handled: 1, found\n", "%s, %s, %s: %s", start, preloads, settings[0], run.out);
}

static void expect_handled_beside(const char *start, const char *early)
{
    const char *const *settings = LIST("GPUWARM_TRIGGER=auto", "GPUWARM_TRIGGER=off", "GPUWARM_SKIP=handles_fork,ld-*");
    const char *ours = run_build("libgpuwarm.so"), *other = run_host("libwraps.so");
    for (; *settings; settings++) {
        expect_handled(start, run_env("%s:%s", ours, other), LIST(*settings, early));
        expect_handled(start, run_env("%s:%s", other, ours), LIST(*settings, early));
    }
}

/* The object that defines it was taken for the C library, and fork became a bare system call without handlers. */
Test(hooks, fork_beside_a_library_that_wraps_what_calls_main)
{
    expect_handled_beside(NULL, NULL);
    expect_handled_beside(NULL, "FORKS_EARLY=1");
}

/* The kernel's copy of the auxiliary vector is the loader's own there, and ours is not read yet. */
Test(hooks, fork_in_a_constructor_where_the_loader_is_a_command)
{
    const char *find = "readelf -lW \"$1\" | sed -n 's/.*interpreter: \\(.*\\)]/\\1/p' | tr -d '\\n'";
    struct run loader = run_program(PLAIN, LIST("/bin/sh", "-c", find, "sh", run_host("handles_fork")), NULL);
    cr_assert_eq(loader.out[0], '/', "%s", loader.err);
    expect_handled_beside(strdup(loader.out), "FORKS_EARLY=1");
}
