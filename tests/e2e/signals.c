/* SPDX-License-Identifier: MIT */
/*
 * Signals that come while a server is warmed (tests/hosts/signalled.c). Those that the warm-up itself caused run their
 * handler and leave the wait alone: the end of a process that the driver started, and timers that run by processor
 * time. The program's own still interrupt it.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

TestSuite(signals, .init = run_setup, .fini = run_teardown);

#define WAITS  LIST("accept", "accept4", "poll", "ppoll", "select", "pselect", "epoll", "epoll_pwait")
#define MASKED LIST("ppoll", "pselect", "epoll_pwait")
#define HELPER "SIMCUDA_HELPER=1"
#define BUSY   "SIMCUDA_CPU_MS=200"
/* While this server sleeps in the driver its child acts: before the driver's helper, or after it. */
#define ASLEEP_BEFORE "SIMCUDA_LATENCY_MS=cuInit=400"
#define ASLEEP_AFTER  "SIMCUDA_LATENCY_MS=cuDevicePrimaryCtxRetain=400"

static void need_signals(void)
{
    if (run_emulated())
        cr_skip_test("the emulator does not let signals in only while ppoll and its like wait");
}

/* The same with and without the library, which warms it; the wait has `failed` or `returned`. */
static void expect_same(const char *const *argv, const char *const *settings, const char *outcome)
{
    struct run without = run_program(PLAIN, argv, settings);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, settings);
    const char *what = run_env("%s %s %s (%s)", argv[1], argv[2], argv[3] ? argv[3] : "", settings[0]);
    cr_expect_eq(without.status, 6, "%s: %d, %s", what, without.status, without.err);
    cr_expect_not_null(strstr(without.out, run_env(": %s, ", outcome)), "%s: %s", what, without.out);
    cr_expect_eq(with.status, 6, "%s: %d", what, with.status);
    cr_expect_str_eq(with.out, without.out, "%s: %s", what, with.out);
    cr_expect_str_empty(with.err, "%s: %s", what, with.err);
    cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", "name=gpuwarm_kernel"), 1, "%s", what);
}

/* In each way, with SA_RESTART and without, and where the signal is blocked but in the wait. */
static void expect_in_every_way(const char *cause, const char *const *settings, const char *outcome)
{
    need_signals();
    for (const char *const *way = WAITS; *way; way++)
        expect_same(LIST(run_host("signalled"), *way, cause), settings, outcome);
    for (const char *const *way = MASKED; *way; way++)
        expect_same(LIST(run_host("signalled"), *way, cause, "masked"), settings, outcome);
    for (const char *const *way = WAITS; *way; way++) {
        const char *goes_on = strncmp(*way, "accept", 6) == 0 ? "returned" : outcome;
        expect_same(LIST(run_host("signalled"), *way, cause, "restart"), settings, goes_on);
    }
}

Test(signals, of_the_drivers_helper_interrupt_no_wait)
{
    expect_in_every_way("helper", LIST(HELPER), "returned");
}

Test(signals, of_a_profiler_interrupt_no_wait)
{
    expect_in_every_way("profiled", LIST(BUSY), "returned");
}

Test(signals, of_a_timer_for_processor_time_interrupt_no_wait)
{
    expect_in_every_way("timer", LIST(BUSY), "returned");
}

Test(signals, of_a_virtual_timer_interrupt_no_wait)
{
    expect_in_every_way("virtual", LIST(BUSY), "returned");
}

/* The three kinds of waits. */
static void expect_in_some_ways(const char *cause, const char *const *settings, const char *outcome)
{
    need_signals();
    expect_same(LIST(run_host("signalled"), "accept", cause), settings, outcome);
    expect_same(LIST(run_host("signalled"), "poll", cause, "restart"), settings, outcome);
    expect_same(LIST(run_host("signalled"), "ppoll", cause, "masked"), settings, outcome);
}

/* The driver's helper has ended too: there is one SIGCHLD for both, which names one of them. */
Test(signals, of_a_child_still_interrupt)
{
    expect_in_every_way("own", LIST(HELPER, ASLEEP_BEFORE), "failed");
    expect_in_some_ways("own", LIST(HELPER, ASLEEP_AFTER), "failed");
    expect_in_some_ways("own", LIST(ASLEEP_BEFORE), "failed");
}

Test(signals, of_a_child_that_stopped_or_is_not_waited_for_still_interrupt)
{
    expect_in_some_ways("stopped", LIST(HELPER, ASLEEP_AFTER), "failed");
    expect_in_some_ways("unwaited", LIST(HELPER, ASLEEP_AFTER), "failed");
}

/* It was there before the warm-up. */
Test(signals, that_were_pending_still_interrupt)
{
    need_signals();
    for (const char *const *way = MASKED; *way; way++)
        expect_same(LIST(run_host("signalled"), *way, "before", "masked"), LIST(HELPER), "failed");
}

/* Of the same number as a profiler's, from another process. */
Test(signals, of_somebody_else_still_interrupt)
{
    expect_in_every_way("killed", LIST(ASLEEP_BEFORE), "failed");
    expect_in_some_ways("killed", LIST(HELPER, ASLEEP_AFTER), "failed");
}

/* The handler ran, and was told what the kernel has to tell: no more and no less than without us. */
Test(signals, run_their_handlers)
{
    need_signals();
    static const struct {
        const char *cause, *setting;
        int number, code, value;
    } signals[] = {{"profiled", BUSY, SIGPROF, SI_KERNEL, 0},
                   {"virtual", BUSY, SIGVTALRM, SI_KERNEL, 0},
                   {"timer", BUSY, SIGPROF, SI_TIMER, 7}};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        for (const char *const *word = LIST("", "restart", "masked"); *word; word++) {
            const char *const *argv = LIST(run_host("signalled"), "ppoll", signals[i].cause, "tells", *word);
            struct run run = run_program(PRELOADED, argv, LIST(signals[i].setting));
            const char *told =
                run_env("\nhandled %d, code %d, value %d\n", signals[i].number, signals[i].code, signals[i].value);
            cr_expect_not_null(strstr(run.out, told), "%s %s: %s", signals[i].cause, *word, run.out);
        }
    for (const char *const *word = LIST("", "restart", "masked"); *word; word++) {
        const char *const *argv = LIST(run_host("signalled"), "ppoll", "helper", "tells", *word);
        struct run run = run_program(PRELOADED, argv, LIST(HELPER));
        const char *told = run_env("\nhandled %d, code %d, ", SIGCHLD, CLD_EXITED);
        cr_expect_not_null(strstr(run.out, told), "%s: %s", *word, run.out);
    }
}

/* Before main, and in a forked child, there is no wait that could be interrupted; the helper leaves nothing behind. */
Test(signals, at_other_moments_leave_the_first_wait_alone)
{
    need_signals();
    for (const char *const *setting = LIST(HELPER, BUSY); *setting; setting++) {
        const char *cause = strcmp(*setting, HELPER) == 0 ? "helper" : "profiled";
        expect_same(LIST(run_host("signalled"), "poll", cause), LIST(*setting, "GPUWARM_TRIGGER=load"), "returned");
        expect_same(LIST(run_host("signalled"), "ppoll", cause, "masked"), LIST(*setting, "GPUWARM_TRIGGER=load"),
                    "returned");
    }
    const char *const *settings = LIST(HELPER, "GPUWARM_TRIGGER=fork");
    const char *const *argv = LIST(run_host("serves"), "poll", "cuda", "worker");
    struct run without = run_program(PLAIN, argv, settings);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, settings);
    cr_expect_eq(with.status, 4, "%d", with.status);
    cr_expect_str_eq(with.out, without.out, "%s", with.out);
    cr_expect_eq(journal_calls(journal_read(), "cuInit", "helper=reaped"), 1);
    cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", "name=gpuwarm_kernel"), 1);
}
