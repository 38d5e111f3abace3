/* SPDX-License-Identifier: MIT */
/*
 * Processes that fork workers which use CUDA after they began to serve: the one class that GPUWARM_TRIGGER=auto breaks.
 * They work without the library; with it the line and the report name the setting under which they work too.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

TestSuite(forks_late, .init = run_setup, .fini = run_teardown);

#define PROGRAM(...) LIST("/usr/bin/python3", "-B", "tests/hosts/works.py", run_host("first_call"), __VA_ARGS__)

static const char line[] = "works.py: forked after it was warmed: CUDA cannot work in a child that does not call exec; "
                           "GPUWARM_TRIGGER=fork warms such processes themselves\n";

static struct run run_python(enum preload preload, const char *const *argv, const char *trigger)
{
    if (access("/usr/bin/python3", X_OK) != 0)
        cr_skip_test("/usr/bin/python3 is not installed");
    struct run run = run_program(
        preload, argv, LIST("GPUWARM_LOG=info", run_env("GPUWARM_REPORT=%s", run_scratch("report.%p")), trigger));
    cr_assert_eq(run.status, 0, "%d: %s", run.status, run.err);
    return run;
}

/* The report of the program itself, removed; NULL: none. */
static cJSON *report_of_program(void)
{
    cJSON *own = NULL;
    struct run list = run_program(PLAIN, LIST("/bin/ls", run_scratch("")), NULL);
    for (char *rest = list.out, *name; (name = strtok_r(rest, "\n", &rest));) {
        cJSON *report = strncmp(name, "report.", 7) == 0 ? report_read(run_scratch(name)) : NULL;
        if (report && report_number(report, "ppid") == getpid())
            own = report;
        if (report)
            unlink(run_scratch(name));
    }
    return own;
}

static void expect_cured(const char *const *argv, int forks)
{
    struct run without = run_python(PLAIN, argv, NULL), with = run_python(PRELOADED, argv, NULL);
    cr_assert_null(strstr(without.out, "cuInit 3"), "%s", without.out);
    cr_expect_not_null(strstr(with.out, "cuInit 3"), "it works by itself: the limit is none any more: %s", with.out);
    const char *said = strstr(with.err, line);
    cr_assert_not_null(said, "%s", with.err);
    cr_expect_null(strstr(said + 1, line), "once: %s", with.err);
    cJSON *report = report_of_program();
    cr_assert_not_null(report);
    cr_expect_str_eq(report_text(report, "result"), "warm");
    cr_expect_geq(report_number(report, "forked_after"), forks);

    struct run cured = run_python(PRELOADED, argv, "GPUWARM_TRIGGER=fork");
    cr_expect_str_eq(cured.out, without.out, "%s", cured.out);
    cr_expect_null(strstr(cured.err, "forked after"), "%s", cured.err);
    report = report_of_program();
    cr_assert_not_null(report);
    cr_expect_str_eq(report_text(report, "result"), "skipped");
    cr_expect_str_eq(report_text(report, "detail"), "its forked children are warmed, not the process itself");
}

Test(forks_late, a_process_for_each_job)
{
    expect_cured(PROGRAM("load", "serve", "start=fork", "ask"), 2);
}

Test(forks_late, a_pool_made_while_it_serves)
{
    expect_cured(PROGRAM("load", "serve", "pool=fork", "serve"), 1);
}

/* Not by fork(2), and so not counted: what subprocess, posix_spawn and system start. */
Test(forks_late, programs_that_a_server_starts_are_no_fault)
{
    struct run run = run_python(PRELOADED, PROGRAM("load", "serve", "closing", "spawning"), NULL);
    cr_expect_null(strstr(run.err, "forked after"), "%s", run.err);
    cJSON *report = report_of_program();
    cr_assert_not_null(report);
    cr_expect_eq(report_number(report, "forked_after"), 0);
}

/* The next wait says it, and the end says what came since. */
Test(forks_late, is_said_while_the_process_still_serves)
{
    const char *const *argv =
        LIST(run_host("steps"), "open:libcuda.so.1", "listen", "wait:poll", "child", "wait:select", "child", "child");
    struct run run = run_program(PRELOADED, argv, LIST("GPUWARM_REPORT=/dev/stderr"));
    static const char *const wanted[] = {"\"forked_after\": 0", "\"forked_after\": 0", "\"forked_after\": 1",
                                         "\"forked_after\": 3"};
    const char *at = run.err;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        at = strstr(at, "\"forked_after\"");
        cr_assert_not_null(at, "%zu: %s", i, run.err);
        cr_expect(strncmp(at, wanted[i], strlen(wanted[i])) == 0, "%zu: %.20s", i, at);
        at++;
    }
    cr_expect_null(strstr(at, "\"forked_after\""), "%s", at);
}
