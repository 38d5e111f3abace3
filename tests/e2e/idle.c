/* SPDX-License-Identifier: MIT */
/*
 * Warm before anybody connects: nobody does, in any of these (tests/hosts/idles.c). How a socket came into an epoll set
 * does not matter, since the kernel tells what is in it.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(idle, .init = run_setup, .fini = run_teardown);

static void expect_warm(const char *way, const char *setting, bool warm)
{
    const char *const *settings = LIST(setting);
    struct run without = run_program(PLAIN, LIST(run_host("idles"), way), settings);
    cr_assert_eq(without.status, 4, "%s: %d", way, without.status);
    cr_assert_str_eq(without.out, "cuDeviceGetCount 3\n", "CUDA is not initialised: %s", without.out);
    journal_clear();
    struct run with = run_program(PRELOADED, LIST(run_host("idles"), way), settings);
    cr_expect_eq(with.status, without.status, "%s: %d", way, with.status);
    cr_expect_str_empty(with.err, "%s: %s", way, with.err);
    cr_expect_str_eq(with.out, warm ? "cuDeviceGetCount 0\n" : without.out, "%s %s: %s", way, setting, with.out);
    cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", "name=gpuwarm_kernel"), warm, "%s %s", way, setting);
}

Test(idle, a_set_that_was_filled_unseen)
{
    if (run_emulated())
        cr_skip_test("the emulator does not tell what is in a set");
    for (const char *const *way = LIST("raw", "later", "nested", "dup"); *way; way++) {
        expect_warm(*way, "GPUWARM_TRIGGER=auto", true);
        expect_warm(*way, "GPUWARM_TRIGGER=serve", true);
        expect_warm(*way, "GPUWARM_TRIGGER=off", false);
    }
}

Test(idle, a_set_in_which_nothing_listens)
{
    for (const char *const *way = LIST("closed", "paused", "none"); *way; way++) {
        expect_warm(*way, "GPUWARM_TRIGGER=auto", false);
        expect_warm(*way, "GPUWARM_TRIGGER=serve", false);
    }
}

Test(idle, a_local_socket_in_a_set_is_for_an_explicit_trigger)
{
    if (run_emulated())
        cr_skip_test("the emulator does not tell what is in a set");
    expect_warm("local", "GPUWARM_TRIGGER=auto", false);
    expect_warm("local", "GPUWARM_TRIGGER=serve", true);
}

/* gunicorn's, at which a thread of its master waits: the workers are still to be forked. */
Test(idle, a_control_socket_is_no_service)
{
    expect_warm("control", "GPUWARM_TRIGGER=auto", false);
    expect_warm("control", "GPUWARM_TRIGGER=serve", false);
}

/* A limit: a server comes to wait soon after it listens, and reading a set is not free. */
Test(idle, a_set_is_not_read_for_ever)
{
    expect_warm("late", "GPUWARM_TRIGGER=auto", false);
}

/* Elsewhere than in the libraries that serve (sonames.def), that is for an explicit trigger. */
Test(idle, a_set_on_which_another_thread_waits)
{
    expect_warm("beside", "GPUWARM_TRIGGER=auto", false);
    expect_warm("beside", "GPUWARM_TRIGGER=serve", true);
}

/* As in mio, and so in tokio: the set has one number for those who add and another for the thread that waits. */
Test(idle, a_set_on_which_another_thread_waits_by_another_number)
{
    if (run_emulated())
        cr_skip_test("the emulator does not tell what is in a set");
    expect_warm("beside-dup", "GPUWARM_TRIGGER=auto", false);
    expect_warm("beside-dup", "GPUWARM_TRIGGER=serve", true);
}

/* Where a handler blocks as many signals while it runs, it cannot be told from one: a limit. */
Test(idle, a_thread_that_blocks_all_signals)
{
    if (run_emulated())
        cr_skip_test("the emulator does not tell what is in a set");
    expect_warm("masked", "GPUWARM_TRIGGER=auto", false);
    expect_warm("masked", "GPUWARM_TRIGGER=serve", true);
    expect_warm("masked-too", "GPUWARM_TRIGGER=serve", false);
}
