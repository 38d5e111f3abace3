/* SPDX-License-Identifier: MIT */
/*
 * Odd surroundings: programs that close descriptors they did not open, must have one thread, restrict their own system
 * calls, or run into limits. Most victims are tests/hosts/steps.c, which makes such surroundings itself, step by step;
 * each must do the same with the library as without, also where a warm-up cannot succeed.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(surroundings, .init = run_setup, .fini = run_teardown);

static const char *const ways[] = {"accept", "poll", "ppoll", "select", "pselect", "epoll"};
enum { WAYS = sizeof ways / sizeof *ways };

static size_t warm_ups(const struct journal *journal)
{
    return journal_calls(journal, "cuLaunchKernel", "name=gpuwarm_kernel");
}

/* The command that takes these steps, from words with blanks between them; %s stands for `word`. */
static const char *const *steps(const char *text, const char *word)
{
    const char **argv = calloc(32, sizeof *argv);
    int count = 0;
    argv[count++] = run_host("steps");
    for (char *rest = strdup(text), *step; (step = strtok_r(rest, " ", &rest));)
        argv[count++] = strstr(step, "%s") ? run_env("%.*s%s", (int)strcspn(step, "%"), step, word) : step;
    return argv;
}

/* Runs it with and without the library; it must end in the same way, with the same output. How often it was warmed. */
static size_t same(int status, const char *const *argv, const char *const *environment)
{
    struct run without = run_program(PLAIN, argv, environment);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, environment);
    cr_assert_eq(without.status, status, "%d: %s%s", without.status, without.out, without.err);
    cr_expect_eq(with.status, status, "%d: %s", with.status, with.out);
    cr_expect_str_eq(with.out, without.out);
    cr_expect_str_eq(with.err, without.err, "%s", with.err);
    return warm_ups(journal_read());
}

/* ---- descriptors ----------------------------------------------------------------------------------------------------
 */

static const char *const closings[] = {"loop", "walk",
#if __GLIBC_PREREQ(2, 34)
                                       "range", "from"
#endif
};

Test(surroundings, all_descriptors_are_closed_before_cuda_is_used)
{
    for (size_t i = 0; i < sizeof closings / sizeof *closings; i++) {
        cr_expect_eq(same(5, steps("open:libcuda.so.1 close:%s init listen wait:poll accept", closings[i]), NULL), 0,
                     "its device is in use by then");
        cr_expect_eq(same(5, steps("close:%s listen open:libcuda.so.1 wait:poll accept init", closings[i]), NULL), 1);
        struct run wrong =
            run_program(PRELOADED, steps("open:libcuda.so.1 close:%s init", closings[i]), LIST("GPUWARM_TRIGGER=load"));
        cr_expect_null(strstr(wrong.out, "init : 0\n"), "the hazard is real: %s", wrong.out);
    }
}

Test(surroundings, a_cuda_executable_that_closes_a_range_is_left_alone)
{
#if !__GLIBC_PREREQ(2, 34)
    cr_skip_test("glibc before 2.34 has no close_range");
#endif
    cr_expect_eq(same(0, LIST(run_host("closes_range")), NULL), 0);
    struct run wrong = run_program(PRELOADED, LIST(run_host("closes_range")), LIST("GPUWARM_TRIGGER=load"));
    cr_expect_str_neq(wrong.out, "cuInit 0, retain 0\n", "the hazard is real");
}

/* The warm-up fails, and the program, which has descriptors again when it uses CUDA, does not. */
Test(surroundings, no_descriptor_is_left_while_it_waits)
{
    for (int i = 1; i < WAYS - 1; i++)
        same(5, steps("open:libcuda.so.1 listen fill wait:%s close:loop init", ways[i]), NULL);
    same(5, steps("listen fill wait:poll free:20 accept", NULL), NULL);
    struct run run =
        run_program(PRELOADED, steps("open:libcuda.so.1 listen fill wait:poll close:loop init", NULL), NULL);
    cr_expect_not_null(strstr(run.out, "init : 0\n"), "%s", run.out);
}

/* ---- namespaces -----------------------------------------------------------------------------------------------------
 */

static void expect_left_alone(const char *host)
{
    struct run without = run_program(PLAIN, LIST(run_host(host)), NULL);
    if (run_emulated())
        cr_skip_test("the emulator has threads of its own");
    if (strcmp(without.out, "error 0, cuInit 0\n") != 0)
        cr_skip_test("namespaces may not be made or joined here");
    cr_expect_eq(same(0, LIST(run_host(host)), NULL), 0);
    struct run wrong = run_program(PRELOADED, LIST(run_host(host)), LIST("GPUWARM_TRIGGER=load"));
    cr_expect_str_eq(wrong.out, "error 22, cuInit 0\n", "the hazard is real: %s", wrong.out);
}

Test(surroundings, a_program_that_makes_a_user_namespace_has_one_thread)
{
    expect_left_alone("unshares");
}

Test(surroundings, a_program_that_joins_a_mount_namespace_has_one_thread)
{
    expect_left_alone("joins_namespace");
}

Test(surroundings, namespaces_before_a_program_serves)
{
    const char *const *argv = steps("open:libcuda.so.1 unshare setns listen wait:poll accept", NULL);
    cr_expect_eq(same(5, argv, NULL), 1);
}

/* ---- filters of system calls ----------------------------------------------------------------------------------------
 */

static void need_filters(void)
{
    if (run_emulated())
        cr_skip_test("the emulator has no seccomp filters");
    struct run run = run_program(PLAIN, steps("filter:refuse", NULL), NULL);
    if (!strstr(run.out, "filter refuse: 0\n"))
        cr_skip_test("seccomp filters are not to be had here");
}

/* A system call of ours would end it: where no CUDA library is loaded there is none, in its children neither. */
Test(surroundings, a_filter_that_kills_sees_no_system_call_of_ours)
{
    need_filters();
    for (int i = 0; i < WAYS; i++) {
        cr_expect_eq(same(5, steps("listen filter:kill wait:%s accept", ways[i]), NULL), 0);
        cr_expect_eq(same(5, steps("listen filter:kill wait:%s accept:4", ways[i]), NULL), 0);
        cr_expect_eq(same(5, steps("listen filter:kill fork wait:%s accept", ways[i]), NULL), 0);
        cr_expect_eq(same(5, steps("listen filter:kill fork wait:%s", ways[i]), LIST("GPUWARM_TRIGGER=fork")), 0);
        cr_expect_eq(same(5, steps("listen filter:kill wait:%s", ways[i]), LIST("GPUWARM_TRIGGER=serve")), 0);
    }
}

/* What the filter lets fork do, it lets nobody else do. */
Test(surroundings, a_filter_that_kills_sees_a_question_for_the_signal_mask)
{
    static const char *const questions[] = {"process", "thread", "number"};
    need_filters();
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        struct run run = run_program(PLAIN, steps("filter:kill fork mask:%s", questions[i]), NULL);
        cr_expect_str_eq(run.out, "filter kill: 0\nfork : 0\n");
        cr_expect_eq(run.status, 128 + SIGSYS, "%s: %d", questions[i], run.status);
    }
}

/* With a CUDA library the documented limit remains: what decides, and the driver, make system calls. */
Test(surroundings, a_filter_that_kills_ends_a_server_with_cuda)
{
    need_filters();
    const char *const *argv = steps("open:libcuda.so.1 listen filter:kill wait:poll accept", NULL);
    cr_expect_eq(same(5, argv, LIST("GPUWARM_TRIGGER=off")), 0, "the remedy");
    cr_expect_eq(run_program(PRELOADED, argv, NULL).status, 128 + SIGSYS, "the limit is one");
}

/* One that loads CUDA and makes no socket listen does not come to serve, whatever it waits for. */
Test(surroundings, a_filter_that_kills_ends_no_program_that_only_waits)
{
    need_filters();
    cr_expect_eq(same(5, steps("open:libcuda.so.1 pipe filter:kill watch", NULL), NULL), 0);
    cr_expect_eq(same(5, steps("open:libcuda.so.1 pipe filter:kill fork watch", NULL), NULL), 0);
}

Test(surroundings, a_filter_after_the_warm_up_sees_no_system_call_of_ours)
{
    need_filters();
    const char *const *load = LIST("GPUWARM_TRIGGER=load");
    cr_expect_eq(same(5, steps("filter:kill", NULL), load), 1, "its end");
    cr_expect_eq(same(5, steps("filter:kill fork", NULL), load), 1, "the beginning and end of its child");
    for (int i = 0; i < WAYS; i++)
        cr_expect_eq(same(5, steps("listen filter:kill wait:%s accept", ways[i]), load), 1);
    cr_expect_eq(same(5, steps("open:libcuda.so.1 listen wait:poll filter:kill wait:select accept", NULL), NULL), 1);
}

/* The program's own first call fails without the library, and in the warm-up with it. */
Test(surroundings, a_filter_that_refuses_makes_a_warm_up_fail_quietly)
{
    need_filters();
    for (int i = 0; i < WAYS; i++) {
        cr_expect_eq(same(5, steps("open:libcuda.so.1 listen filter:refuse wait:%s accept init", ways[i]), NULL), 0);
        cr_expect_eq(journal_calls(journal_read(), "cuInit", NULL), 2, "ours and the program's");
        cr_expect_eq(same(5, steps("open:libcuda.so.1 listen filter:trap wait:%s accept init", ways[i]), NULL), 0);
        cr_expect_eq(journal_calls(journal_read(), "cuInit", NULL), 2, "in a handler of signals too");
        same(5, steps("open:libcuda.so.1 listen filter:refuse-files wait:%s accept init", ways[i]), NULL);
    }
    const char *const *argv = steps("filter:refuse exec %s", run_host("first_call"));
    same(1, argv, NULL);
    cr_expect_eq(journal_calls(journal_read(), "cuInit", NULL), 2, "ours and the program's");
}

/* ---- limits ---------------------------------------------------------------------------------------------------------
 */

/* Limits that come before the program starts: some let it do all it does, with some its first CUDA call fails. */
static const struct {
    const char *steps;
    int warm_ups; /* of a CUDA executable; -1: as many as there is room for */
} limits_at_start[] = {
    {"limit:STACK=24576", 0}, {"limit:STACK=65536", 0},  {"limit:STACK=131072", 0},  {"limit:STACK=1048576", 1},
    {"limit:NOFILE=4", 0},    {"limit:NOFILE=16", 1},    {"limit:DATA=1000000", 0},  {"limit:DATA=67108864", -1},
    {"limit:AS=8000000", 0},  {"limit:AS=67108864", -1}, {"limit:AS=268435456", -1}, {"user limit:NPROC=1", 0},
};

/*
 * From here on the programs are copies that anybody may run, with a journal that anybody may write: the project may be
 * in a directory that only its owner may enter.
 */
static void let_anybody_run(void)
{
    const char *const *copy = LIST(
        "/bin/sh", "-c", "mkdir \"$0\" && cd \"$1\" && shift && cp --parents \"$@\" \"$0\" && chmod -R a+rX \"$0\"",
        run_scratch("build"), run_build(""), "libgpuwarm.so", "simcuda/libcuda.so.1", "tests/hosts/steps",
        "tests/hosts/first_call", "tests/hosts/plain");
    struct run run = run_program(PLAIN, copy, NULL);
    cr_assert_eq(run.status, 0, "%s", run.err);
    cr_assert_eq(chmod(run_scratch(""), 0777), 0);
    cr_assert_eq(setenv("GPUWARM_TEST_BUILD", run_scratch("build"), 1), 0);
}

Test(surroundings, limits_at_the_start_of_a_program)
{
    if (run_emulated())
        cr_skip_test("the emulator needs descriptors and memory of its own, and keeps some limits from the program");
    let_anybody_run();
    for (size_t i = 0; i < sizeof limits_at_start / sizeof *limits_at_start; i++) {
        const char *text = run_env("%s exec %%s", limits_at_start[i].steps);
        int wanted = limits_at_start[i].warm_ups;
        struct run cold = run_program(PLAIN, steps(text, run_host("first_call")), NULL);
        cr_assert(cold.status == 0 || cold.status == 1, "%s: %d", text, cold.status);
        size_t warmed = same(cold.status, steps(text, run_host("first_call")), NULL);
        cr_expect(wanted < 0 || warmed == (size_t)wanted, "%s: %zu", text, warmed);
        same(7, steps(text, run_host("plain")), NULL);
        same(7, steps(text, run_host("plain")), LIST("GPUWARM_TRIGGER=load", "GPUWARM_LOG=off"));
    }
}

/* Limits that the program sets itself, and lifts before it uses CUDA: a warm-up that failed leaves nothing behind. */
Test(surroundings, limits_while_it_serves)
{
    static const char *const limits[][2] = {{"limit:AS=0", "limit:AS=max"},
                                            {"limit:DATA=4096", "limit:DATA=max"},
                                            {"user limit:NPROC=1", "limit:NPROC=max"},
                                            {"limit:STACK=65536", "limit:STACK=max"}};
    if (run_emulated())
        cr_skip_test("the emulator keeps some limits from the program");
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        for (int way = 0; way < WAYS; way++) {
            const char *text =
                run_env("open:libcuda.so.1 listen %s wait:%%s accept %s init", limits[i][0], limits[i][1]);
            cr_expect_eq(same(5, steps(text, ways[way]), NULL), 0, "%s", text);
            struct run run = run_program(PRELOADED, steps(text, ways[way]), NULL);
            cr_expect_not_null(strstr(run.out, "init : 0\n"), "%s: %s", text, run.out);
        }
}
