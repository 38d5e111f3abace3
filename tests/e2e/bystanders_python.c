/* SPDX-License-Identifier: MIT */
/*
 * Python programs in which a process or a thread waits for connections that is not the service: multiprocessing's fork
 * server, managers and passed descriptors, a server for metrics. It is not warmed, and CUDA works where it is to be
 * used.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(bystanders_python, .init = run_setup, .fini = run_teardown);

static const char python[] = "/usr/bin/python3";

static void need_python(void)
{
    const char *const *argv = LIST(python, "-c", "import ctypes, http.server, multiprocessing.managers");
    if (run_program(PLAIN, argv, NULL).status != 0)
        cr_skip_test("%s with its standard library is not installed", python);
}

/* The program works as it does without the library, CUDA in its `users` processes too, and nobody is warmed. */
static void expect_bystanders_under(const char *trigger, const char *what, size_t users)
{
    need_python();
    const char *const *argv = LIST(python, run_host("bystanders.py"), what);
    const char *const *settings = LIST(run_env("PYTHONPATH=%s", run_host("")), "PYTHONDONTWRITEBYTECODE=1", trigger);
    struct run without = run_program(PLAIN, argv, settings);
    cr_assert_eq(without.status, 0, "%s", without.err);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, settings);
    cr_expect_eq(with.status, without.status, "%d", with.status);
    cr_expect_str_eq(with.out, without.out, "%s\nnot\n%s", with.out, without.out);
    cr_expect_str_eq(with.err, without.err, "%s", with.err);
    struct journal *journal = journal_read();
    cr_expect_eq(journal_calls(journal, "cuLaunchKernel", NULL), 0, "somebody was warmed");
    cr_expect_eq(journal_calls(journal, "cuInit", NULL), users, "%zu", journal_calls(journal, "cuInit", NULL));
    for (size_t i = 0; i < journal->count; i++)
        cr_expect_eq(journal->lines[i].result, 0, "%s", journal->lines[i].function);
}

static void expect_bystanders(const char *what, size_t users)
{
    expect_bystanders_under("GPUWARM_TRIGGER=auto", what, users);
}

/* Any thread and any local socket may be the service's when that is asked for, but not multiprocessing's. */
Test(bystanders_python, a_fork_server_that_has_opened_the_driver)
{
    expect_bystanders("forkserver", 2);
    expect_bystanders_under("GPUWARM_TRIGGER=serve", "forkserver", 2);
}

Test(bystanders_python, managers_on_local_sockets_and_tcp)
{
    expect_bystanders("manager", 3);
}

Test(bystanders_python, descriptors_that_are_passed)
{
    expect_bystanders("descriptors", 2);
    expect_bystanders_under("GPUWARM_TRIGGER=serve", "descriptors", 2);
}

Test(bystanders_python, a_metrics_thread_before_the_driver_is_opened)
{
    expect_bystanders("metrics", 3);
}

Test(bystanders_python, a_metrics_thread_after_the_driver_is_opened)
{
    expect_bystanders("metrics_after_cuda", 3);
}
