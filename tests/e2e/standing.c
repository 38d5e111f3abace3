/* SPDX-License-Identifier: MIT */
/*
 * What a process says of itself until it is warmed, and where it never is: the reports in their order (written to its
 * stderr), and those of forked children, which have a file each.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(standing, .init = run_setup, .fini = run_teardown);

enum { REPORTS_MAX = 16 };

static const cJSON *reports[REPORTS_MAX];
static int report_count;

/* Runs it with and without the library, and keeps the reports that came on stderr. */
static void reported(const char *const *argv, const char *setting)
{
    struct run without = run_program(PLAIN, argv, NULL);
    struct run with = run_program(PRELOADED, argv, LIST("GPUWARM_REPORT=/dev/stderr", setting));
    cr_expect_eq(with.status, without.status, "%d", with.status);
    cr_expect_str_eq(with.out, without.out, "%s", with.out);
    report_count = 0;
    for (const char *at = with.err; *at && report_count < REPORTS_MAX; at += strspn(at, "\n")) {
        reports[report_count] = cJSON_ParseWithOpts(at, &at, false);
        cr_assert_not_null(reports[report_count++], "%s", with.err);
    }
}

/* The report of this number has this result, and its reason or detail contains the words. */
static void expect(int number, const char *result, const char *words)
{
    cr_assert_lt(number, report_count, "there are %d", report_count);
    char *text = cJSON_Print(reports[number]);
    cr_expect_str_eq(report_text(reports[number], "result"), result, "%d: %s", number, text);
    cr_expect_not_null(strstr(text, words), "\"%s\" is not in %d: %s", words, number, text);
    free(text);
}

static const char *const *steps(const char *text)
{
    const char **argv = calloc(32, sizeof *argv);
    int count = 0;
    argv[count++] = run_host("steps");
    for (char *rest = strdup(text), *step; (step = strtok_r(rest, " ", &rest));)
        argv[count++] = step;
    return argv;
}

#define STEPS(...) steps(run_env(__VA_ARGS__))

static const char *const ways[] = {"poll", "ppoll", "select", "pselect", "epoll"};
enum { WAYS = sizeof ways / sizeof *ways };

Test(standing, a_server_without_cuda_is_skipped_until_it_has_some)
{
    for (int i = 0; i < WAYS; i++) {
        reported(STEPS("listen wait:%s open:libcuda.so.1 wait:%s accept", ways[i], ways[i]), NULL);
        cr_expect_eq(report_count, 3, "%s: %d", ways[i], report_count);
        expect(0, "waiting", "no CUDA executable");
        expect(1, "skipped", "it waits for connections with no CUDA library loaded");
        expect(2, "warm", "it came to wait for connections, with libcuda.so.1");
    }
    reported(STEPS("listen accept open:libcuda.so.1 listen wait:poll"), NULL);
    cr_expect_eq(report_count, 3);
    expect(1, "skipped", "it waits for connections with no CUDA library loaded");
}

/* Once, however often it waits. */
Test(standing, a_server_that_never_has_cuda)
{
    reported(STEPS("listen wait:poll wait:select wait:epoll wait:poll accept"), NULL);
    cr_expect_eq(report_count, 3);
    expect(1, "skipped", "it waits for connections with no CUDA library loaded");
    expect(2, "skipped", "\"detail\":\t\"it waits for connections with no CUDA library loaded");
}

Test(standing, what_serves_elsewhere_names_the_trigger)
{
    for (int i = 0; i < WAYS; i++) {
        reported(LIST(run_host("serves"), ways[i], "cuda", "thread"), NULL);
        expect(1, "skipped",
               "\"reason\":\t\"another thread than the initial one waits for connections: "
               "GPUWARM_TRIGGER=serve");
        reported(LIST(run_host("serves"), ways[i], "cuda", "local"), NULL);
        expect(1, "skipped",
               "\"reason\":\t\"it waits for connections at a socket that is not TCP: "
               "GPUWARM_TRIGGER=serve");
        reported(LIST(run_host("serves"), ways[i], "cuda", "local"), "GPUWARM_TRIGGER=serve");
        cr_expect_eq(report_count, 2);
        expect(1, "warm", "libcuda.so.1");
    }
}

Test(standing, a_master_is_skipped_and_its_worker_warmed)
{
    reported(STEPS("listen open:libcuda.so.1 pipe child watch wait:poll"), NULL);
    cr_expect_eq(report_count, 3);
    expect(1, "skipped", "it listens and has forked children");
    expect(2, "warm", "libcuda.so.1");
    reported(STEPS("listen open:libcuda.so.1 child"), NULL);
    cr_expect_eq(report_count, 3);
    expect(1, "skipped", "it listens and has forked children");
}

/* A supervisor whose workers are not its forks, and that listens nowhere itself: uvicorn's. */
Test(standing, what_waits_for_other_things_does_not_wait_for_ever)
{
    const char *const *seven = STEPS("pipe watch watch watch watch watch watch watch");
    reported(seven, NULL);
    cr_expect_eq(report_count, 2, "at its start and at its end");
    expect(0, "waiting", "no CUDA executable");
    const char *waits = "pipe watch watch watch watch watch watch watch watch";
    reported(STEPS("%s watch watch watch watch watch watch watch watch", waits), NULL);
    cr_expect_eq(report_count, 3, "and once in between");
    expect(1, "skipped", "\"reason\":\t\"it has not waited for connections: GPUWARM_TRIGGER=load");
    reported(STEPS("%s open:libcuda.so.1 listen wait:poll", waits), NULL);
    cr_expect_eq(report_count, 3);
    expect(2, "warm", "libcuda.so.1");
}

/* At its end too, where nothing else came. */
Test(standing, the_last_refusal_is_said_at_the_end)
{
    static const struct {
        const char *steps, *setting, *words;
    } rows[] = {
        {"pipe", NULL, "\"detail\":\t\"it has not waited for connections: GPUWARM_TRIGGER=load for a script"},
        {"pipe", "GPUWARM_TRIGGER=fork", "\"detail\":\t\"it never forked"},
        {"child", "GPUWARM_TRIGGER=fork", "\"detail\":\t\"its forked children are warmed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        reported(STEPS("%s", rows[i].steps), rows[i].setting);
        expect(report_count - 1, "skipped", rows[i].words);
        struct run run = run_program(PRELOADED, STEPS("%s", rows[i].steps), LIST("GPUWARM_LOG=info", rows[i].setting));
        cr_expect_not_null(strstr(run.err, "steps: ends, and was not warmed: it"), "%s", run.err);
    }
    const char *const *argv = LIST(run_host("cancelled"), "poll", "during", "initial", "asynchronous");
    struct run run = run_program(PRELOADED, argv, LIST("GPUWARM_LOG=info"));
    cr_expect_not_null(strstr(run.err, "not warmed: the wait was on a thread that may be cancelled at any point"), "%s",
                       run.err);
}

static int times(const char *text, const char *words)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, words)); at++)
        count++;
    return count;
}

/* Each refusal once: where it is safe to write, which may be later than where it was refused. */
Test(standing, debug_says_which_check_refused)
{
    static const struct {
        const char *word, *text;
    } rows[] = {
        {"gloo", "not warmed at a wait: the wait was a communication library's"},
        {"thread", "not warmed so far: another thread than the initial one waits"},
        {"local", "not warmed so far: it waits for connections at a socket that is not TCP"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const *argv = LIST(run_host("serves"), "poll", "cuda", rows[i].word);
        struct run run = run_program(PRELOADED, argv, LIST("GPUWARM_LOG=debug"));
        cr_expect_eq(times(run.err, rows[i].text), 1, "%s", run.err);
        cr_expect_eq(times(run.err, "at a wait:"), i == 0, "%s", run.err);
        run = run_program(PRELOADED, argv, LIST("GPUWARM_LOG=info"));
        cr_expect_eq(times(run.err, "at a wait:"), 0, "%s", run.err);
    }
    struct run run = run_program(PRELOADED, LIST(run_host("serves"), "poll"), LIST("GPUWARM_LOG=debug"));
    cr_expect_eq(times(run.err, "not warmed so far: it waits for connections with no CUDA library"), 1, "%s", run.err);
    const char *const *argv = LIST(run_host("cancelled"), "poll", "during", "initial", "asynchronous");
    run = run_program(PRELOADED, argv, LIST("GPUWARM_LOG=debug"));
    cr_expect_eq(times(run.err, "not warmed at a wait: the wait was on a thread that may be cancelled"), 1, "%s",
                 run.err);
}

/* Where there is none to say it from. */
Test(standing, what_had_too_little_stack_says_so_at_its_end)
{
    struct run run = run_program(PRELOADED, LIST(run_host("unusual"), "coroutine"), LIST("GPUWARM_LOG=info"));
    cr_expect_eq(times(run.err, "unusual: ends, and was not warmed: too little stack is left"), 1, "%s", run.err);
    reported(LIST(run_host("unusual"), "coroutine"), NULL);
    expect(report_count - 1, "skipped", "\"detail\":\t\"too little stack is left");
}

/* The steps' report of the child, whose first line tells its id; NULL: it has none. */
static cJSON *child_report(const char *text, const char *setting)
{
    char *pattern = strdup(run_scratch("report.%p"));
    struct run run = run_program(PRELOADED, STEPS("%s", text), LIST(run_env("GPUWARM_REPORT=%s", pattern), setting));
    cr_expect_eq(run.status, 5, "%s", run.err);
    cJSON *parent = NULL, *child = NULL;
    struct run list = run_program(PLAIN, LIST("/bin/ls", run_scratch("")), NULL);
    for (char *rest = list.out, *name; (name = strtok_r(rest, "\n", &rest));) {
        cJSON *report = strncmp(name, "report.", 7) == 0 ? report_read(run_scratch(name)) : NULL;
        if (!report)
            continue;
        *(report_number(report, "ppid") == getpid() ? &parent : &child) = report;
        unlink(run_scratch(name));
    }
    cr_assert_not_null(parent, "%s", list.out);
    if (child)
        cr_expect_eq(report_number(child, "ppid"), report_number(parent, "pid"));
    return child;
}

static void expect_child(const char *text, const char *setting, const char *reason)
{
    cJSON *child = child_report(text, setting);
    cr_assert_not_null(child, "%s", text);
    cr_expect_str_eq(report_text(child, "result"), "skipped", "%s", text);
    cr_expect_not_null(strstr(report_text(child, "reason"), reason), "%s: %s", text, report_text(child, "reason"));
}

Test(standing, a_forked_child_has_a_report_of_its_own)
{
    expect_child("pipe fork watch", NULL, "no CUDA executable");
    expect_child("open:libcuda.so.1 child:exits", NULL, "no CUDA executable");
    expect_child("open:libcuda.so.1 listen wait:poll child:exits", NULL, "GPUWARM_TRIGGER=fork warms");
    cJSON *warm = child_report("listen open:libcuda.so.1 fork wait:poll", NULL);
    cr_assert_not_null(warm);
    cr_expect_str_eq(report_text(warm, "result"), "warm");
    cr_expect_null(child_report("open:libcuda.so.1 child", NULL), "one that ends by _exit and waited for nothing");
}

/* Before it ends. */
Test(standing, a_forked_child_says_at_its_first_wait_that_it_was_not_reached)
{
    const char *const *settings = LIST("GPUWARM_LOG=info", run_env("GPUWARM_REPORT=%s", run_scratch("report.%p")));
    struct run run = run_program(PRELOADED, STEPS("pipe fork watch"), settings);
    cr_expect_not_null(strstr(run.err, "not warmed so far: forked, and it waits for something else than connections: "
                                       "GPUWARM_TRIGGER=fork"),
                       "%s", run.err);
    run = run_program(PRELOADED, STEPS("open:libcuda.so.1 listen wait:poll pipe fork watch"), settings);
    cr_expect_not_null(strstr(run.err, "not warmed so far: forked from a process that had initialised CUDA"), "%s",
                       run.err);
}

static bool is_late(int number)
{
    return cJSON_IsTrue(cJSON_GetObjectItem(reports[number], "late"));
}

/* A client is there before the steps wait; the other one connects where it finds the server asleep. */
Test(standing, a_warm_up_that_a_client_waits_for_is_late)
{
    for (int i = 0; i < WAYS; i++) {
        reported(STEPS("open:libcuda.so.1 listen wait:%s accept", ways[i]), NULL);
        expect(1, "warm", "libcuda.so.1");
        cr_expect(is_late(1), "%s", ways[i]);
        reported(LIST(run_host("signalled"), ways[i], "helper"), NULL);
        expect(2, "warm", "libcuda.so.1");
        cr_expect_not(is_late(2), "%s", ways[i]);
    }
    struct run run = run_program(PRELOADED, STEPS("open:libcuda.so.1 listen wait:poll"), LIST("GPUWARM_LOG=info"));
    cr_expect_not_null(strstr(run.err, "; late: a client was connected before\n"), "%s", run.err);
    run = run_program(PRELOADED, LIST(run_host("signalled"), "poll", "helper"), LIST("GPUWARM_LOG=info"));
    cr_expect_null(strstr(run.err, "; late"), "%s", run.err);
}

Test(standing, a_script_and_a_module_go_by_their_names)
{
    const char *python = "/usr/bin/python3", *const *settings = LIST("GPUWARM_LOG=info", "GPUWARM_REPORT=/dev/stderr");
    if (access(python, X_OK) != 0)
        cr_skip_test("%s is not installed", python);
    run_write(run_scratch("answer.py"), "pass\n");
    struct run run = run_program(PRELOADED, LIST(python, run_scratch("answer.py")), settings);
    cr_expect_not_null(strstr(run.err, "\"program\": \"answer.py\""), "%s", run.err);
    cr_expect_not_null(strstr(run.err, "answer.py: waits until it serves"), "%s", run.err);
    run = run_program(PRELOADED, LIST(python, "-m", "this"), settings);
    cr_expect_not_null(strstr(run.err, "\"program\": \"this\""), "%s", run.err);
}
