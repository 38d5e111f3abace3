/* SPDX-License-Identifier: MIT */
/*
 * How threads and processes end, and how they are interrupted: cancelled, left by pthread_exit, exit or a signal, at
 * any point, a warm-up included. Each program is run with and without the library and must do the same.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

TestSuite(endings, .init = run_setup, .fini = run_teardown);

/* How many warm-ups were carried through. */
static size_t warm_ups(void)
{
    const struct journal *journal = journal_read();
    size_t launched = journal_calls(journal, "cuLaunchKernel", "name=gpuwarm_kernel");
    return launched == journal_calls(journal, "cuMemFreeHost", NULL) ? launched : 1000;
}

/* Runs the program with and without the library; it must do the same, and end with `status`. How often it was warmed.
 */
static size_t same(int status, const char *const *argv, const char *const *environment)
{
    struct run without = run_program(PLAIN, argv, environment);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, environment);
    const char *words[4] = {"", "", "", ""};
    for (int i = 0; i < 4 && argv[i]; i++)
        words[i] = argv[i];
    const char *what = run_env("%s %s %s (%s): %d, %s%s", words[1], words[2], words[3],
                               environment ? environment[0] : "", with.status, with.out, with.err);
    cr_expect_eq(without.status, status, "%s without: %d, %s", what, without.status, without.out);
    cr_expect_eq(with.status, without.status, "%s", what);
    cr_expect_str_eq(with.out, without.out, "%s without: %s", what, without.out);
    cr_expect_str_eq(with.err, without.err, "%s without: %s", what, without.err);
    return warm_ups();
}

static void cancelled(const char *who, const char *trigger)
{
    const char *const *ways = LIST("accept", "accept4", "poll", "ppoll", "select", "pselect", "epoll");
    const char *const *settings = LIST(trigger, "SIMCUDA_LATENCY_MS=cuInit=500");
    for (; *ways; ways++)
        for (const char *const *moment = LIST("before", "during", "after"); *moment; moment++)
            cr_expect_eq(same(5, LIST(run_host("cancelled"), *ways, *moment, who), settings), 1, "%s %s", *ways,
                         *moment);
}

/* The request takes effect in the call that waits, and neither in the warm-up nor where nothing is cancelled. */
Test(endings, a_thread_that_waits_is_cancelled_as_before)
{
    cancelled(NULL, "GPUWARM_TRIGGER=serve");
}

Test(endings, the_initial_thread_is_cancelled_as_before)
{
    cancelled("initial", "GPUWARM_TRIGGER=auto");
}

/*
 * In the middle of anything, for which the functions that wait are not made; but programs do it. Nothing is done on
 * such a thread: not even its type of cancellation is changed for good, as its cleanup handlers print.
 */
Test(endings, a_thread_that_may_be_cancelled_at_any_point)
{
    const char *const *settings = LIST("GPUWARM_TRIGGER=serve", "SIMCUDA_LATENCY_MS=cuInit=500");
    for (const char *const *moment = LIST("before", "during", "after"); *moment; moment++) {
        cr_expect_eq(same(5, LIST(run_host("cancelled"), "poll", *moment, "asynchronous"), settings), 0, "%s", *moment);
        cr_expect_eq(same(5, LIST(run_host("cancelled"), "accept", *moment, "asynchronous"), settings), 0, "%s",
                     *moment);
    }
}

static int status_of(const char *how)
{
    return strcmp(how, "abort") == 0 ? 128 + SIGABRT : strcmp(how, "terminate") == 0 ? 128 + SIGTERM : 9;
}

enum { ANY = -1 }; /* as often as it came to it before the process ended */

/* Ends at one point in every way; with trigger load and serve, each with how often the process is warmed then. */
static void ends(const char *when, int at_load, int at_serve)
{
    const char *const *ways = LIST("exit", "_exit", "quick_exit", "abort", "terminate", "return");
    const char *const *triggers = LIST("GPUWARM_TRIGGER=load", "GPUWARM_TRIGGER=serve");
    for (; *ways; ways++) {
        if (strcmp(*ways, "return") == 0 && strcmp(when, "main") != 0 && strcmp(when, "after") != 0)
            return;
        for (int i = 0; i < 2; i++) {
            const char *const *settings = LIST(triggers[i], "SIMCUDA_LATENCY_MS=cuInit=300");
            int warmed = (int)same(status_of(*ways), LIST(run_host("ends"), *ways, when), settings);
            int expected = i ? at_serve : at_load;
            cr_expect(expected == ANY || expected == warmed, "%s %s %s: %d", *ways, when, triggers[i], warmed);
        }
    }
}

Test(endings, before_main)
{
    ends("constructor", 1, 0);
}

Test(endings, in_main)
{
    ends("main", 1, 0);
}

Test(endings, by_another_thread_while_the_initial_one_warms)
{
    ends("waiting", 1, ANY);
}

Test(endings, in_a_signal_handler_that_had_to_wait)
{
    ends("handler", 1, 1);
}

Test(endings, right_after_the_warm_up)
{
    ends("after", 1, 1);
}

Test(endings, in_an_exit_handler)
{
    ends("atexit", 1, 1);
}

/* A handler cannot be there yet. What has none ends the program, though not before it is warmed. */
Test(endings, by_a_signal_while_it_warms_before_main)
{
    if (run_emulated())
        cr_skip_test("the emulator takes longer to start than the signal to come");
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"TERM", SIGTERM}, {"INT", SIGINT}, {"HUP", SIGHUP}, {"USR1", SIGUSR1}, {"KILL", SIGKILL}};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        const char *const *argv = LIST("/usr/bin/timeout", "--preserve-status", "--signal", signals[i].name, "0.4",
                                       run_host("ends"), "return", "never");
        size_t warmed = same(128 + signals[i].number, argv, LIST("SIMCUDA_LATENCY_MS=cuDevicePrimaryCtxRetain=1000"));
        size_t begun = journal_calls(journal_read(), "cuInit", NULL);
        cr_expect_eq(warmed, signals[i].number == SIGKILL ? 0 : begun, "%s: %zu of %zu", signals[i].name, warmed,
                     begun);
    }
}

Test(endings, of_the_initial_thread_alone)
{
    if (run_emulated())
        cr_skip_test("what is left when the initial thread ends is the emulator's");
    const char *const *latency = LIST("GPUWARM_TRIGGER=auto", "SIMCUDA_LATENCY_MS=cuInit=200");
    cr_expect_eq(same(5, LIST(run_host("leaves_main")), latency), 1, "before main");
    cr_expect_eq(same(5, LIST(run_host("leaves_main"), "serves"), latency), 1, "before main");
    const char *const *serve = LIST("GPUWARM_TRIGGER=serve", "SIMCUDA_LATENCY_MS=cuInit=200");
    cr_expect_eq(same(5, LIST(run_host("leaves_main")), serve), 0, "it does not serve");
    cr_expect_eq(same(5, LIST(run_host("leaves_main"), "serves"), serve), 1, "on the thread that serves");
    cr_expect_eq(same(0, LIST(run_host("leaves_main"), "returns"), serve), 0, "it does not serve");
}

/* Loops that a signal ends, which comes in the middle of a warm-up (tests/e2e/serve.c has accept, poll and select). */
Test(endings, of_every_loop_that_waits)
{
    if (run_emulated())
        cr_skip_test("the emulator does not let signals in only while ppoll and its like wait");
    const char *const *settings = LIST("GPUWARM_TRIGGER=auto", "SIMCUDA_LATENCY_MS=cuInit=1000");
    for (const char *const *way = LIST("accept4", "ppoll", "pselect", "epoll", "epoll_pwait"); *way; way++)
        cr_expect_eq(same(6, LIST(run_host("waits_again"), *way), settings), 1, "%s", *way);
    for (const char *const *way = LIST("ppoll", "pselect", "epoll_pwait"); *way; way++) {
        cr_expect_eq(same(6, LIST(run_host("waits_again"), *way, "before"), settings), 1, "%s", *way);
        cr_expect_eq(same(6, LIST(run_host("waits_again"), *way, "blocked"), settings), 1, "%s", *way);
    }
}

/* The first was the parent's, before it was warmed. */
static void expect_all_calls_of_one_process(void)
{
    const struct journal *journal = journal_read();
    for (size_t i = 1; i < journal->count; i++)
        cr_expect_eq(journal->lines[i].pid, journal->lines[0].pid, "%s", journal->lines[i].function);
}

/* It shares its parent's memory, and may call what it likes: neither is warmed. The parent is, when it serves. */
Test(endings, children_of_vfork_leave_their_parent_as_it_is)
{
    for (const char *const *trigger = LIST("GPUWARM_TRIGGER=auto", "GPUWARM_TRIGGER=serve"); *trigger; trigger++) {
        cr_expect_eq(same(6, LIST(run_host("interrupted"), "vfork"), LIST(*trigger)), 1);
        expect_all_calls_of_one_process();
    }
}

/* It may have interrupted malloc or the loader. */
Test(endings, no_warm_up_in_a_signal_handler)
{
    for (const char *const *trigger = LIST("GPUWARM_TRIGGER=auto", "GPUWARM_TRIGGER=serve"); *trigger; trigger++)
        cr_expect_eq(same(6, LIST(run_host("interrupted"), "alarm"), LIST(*trigger)), 1);
}

Test(endings, of_a_wait_by_a_jump_out_of_a_signal_handler)
{
    const char *const *settings = LIST("GPUWARM_TRIGGER=auto", "SIMCUDA_LATENCY_MS=cuInit=300");
    cr_expect_eq(same(6, LIST(run_host("interrupted"), "jump"), settings), 1);
}

Test(endings, of_a_thread_in_a_signal_handler)
{
    const char *const *settings = LIST("GPUWARM_TRIGGER=serve", "SIMCUDA_LATENCY_MS=cuInit=300");
    cr_expect_eq(same(6, LIST(run_host("interrupted"), "unwind"), settings), 1);
}
