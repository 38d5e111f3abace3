/* SPDX-License-Identifier: MIT */
/*
 * Processes around a CUDA program that must not be warmed: shells, their tools and pipelines, make, what stands between
 * system(3), popen(3), posix_spawn(3) or vfork(2) and the program, and commands that become or start another one. All
 * of them do what they do without the library, and the CUDA program at the end of the chain is warmed, once.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

TestSuite(bystanders, .init = run_setup, .fini = run_teardown);

/* By itself, and where everything is warmed before main that is not on the skip list. */
static const char *const *const ways_to_warm[] = {NULL, LIST("GPUWARM_TRIGGER=load")};

enum { WAYS_TO_WARM = sizeof ways_to_warm / sizeof *ways_to_warm };

static size_t warm_ups(const struct journal *journal)
{
    return journal_calls(journal, "cuLaunchKernel", "name=gpuwarm_kernel");
}

static void need(const char *program)
{
    if (access(program, X_OK) != 0)
        cr_skip_test("%s is not installed", program);
}

/* Was it this program that was warmed in the process? Its name tells it from one that called exec there before. */
static bool is_cuda_program(int pid)
{
    const cJSON *report = report_read(run_scratch(run_env("report.%d", pid)));
    return report && strcmp(report_text(report, "program"), "first_call") == 0 &&
           strcmp(report_text(report, "result"), "warm") == 0;
}

static struct run expect_same(const char *const *argv, const char *const *environment)
{
    struct run without = run_program(PLAIN, argv, environment);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, environment);
    cr_expect_eq(with.status, without.status, "%s: %d, not %d", argv[0], with.status, without.status);
    cr_expect_str_eq(with.out, without.out, "%s: %s", argv[0], with.out);
    cr_expect_str_eq(with.err, without.err, "%s: %s", argv[0], with.err);
    return without;
}

/* Nobody in the chain uses the driver but the one CUDA program, first_call, which is warmed once. */
static void expect_one_warm(const char *const *argv, const char *const *settings, int status)
{
    const char *environment[4] = {run_env("GPUWARM_REPORT=%s", run_scratch("report.%p"))};
    for (int i = 0; settings && settings[i]; i++)
        environment[i + 1] = settings[i];
    struct run run = expect_same(argv, environment);
    cr_expect_eq(run.status, status, "%s: %d %s", argv[0], run.status, run.err);
    struct journal *journal = journal_read();
    cr_expect_eq(warm_ups(journal), 1, "%s, %s: %zu warm-ups", argv[0], settings ? settings[0] : "auto",
                 warm_ups(journal));
    for (size_t i = 0; i < journal->count; i++)
        if (strcmp(journal->lines[i].function, "cuInit") == 0)
            cr_expect(is_cuda_program(journal->lines[i].pid), "%s, %s", argv[0], settings ? settings[0] : "auto");
}

static void expect_one_warm_each_way(const char *const *argv, int status)
{
    for (int i = 0; i < WAYS_TO_WARM; i++)
        expect_one_warm(argv, ways_to_warm[i], status);
}

Test(bystanders, a_shell_and_its_tools)
{
    const char *script =
        "echo a | tr a b; (exit 3); echo $?; for i in 1 2; do printf '%s ' $i; done; seq 9 | sort -r | head "
        "-n 2; \"$0\"; exit 9";
    expect_one_warm_each_way(LIST("/bin/sh", "-c", script, run_host("first_call")), 9);
}

Test(bystanders, bash_its_builtins_and_subshells)
{
    const char *script = "cd /; x=$(echo a; pwd); (y=1; echo $x$y; exit 3); echo $?; read -r z < <(echo c); echo $z; "
                         "[[ $z == c ]] && printf '%s\\n' yes; { sleep 0 & wait $!; }; echo $?; \"$0\" | cat; "
                         "exit ${PIPESTATUS[0]}";
    expect_one_warm_each_way(LIST("/bin/bash", "-c", script, run_host("first_call")), 0);
}

/* The shell becomes the program where that is the last thing that it does. */
Test(bystanders, a_shell_that_becomes_the_program)
{
    expect_one_warm_each_way(LIST("/bin/sh", "-c", "exec \"$0\"", run_host("first_call")), 0);
    expect_one_warm_each_way(LIST("/bin/bash", "-c", "\"$0\" 7", run_host("first_call")), 1);
}

Test(bystanders, make_and_its_recipes)
{
    need("/usr/bin/make");
    run_write(run_scratch("Makefile"), "all: program\n\t@echo ended; exit 3\n"
                                       "program: a b c d\n\t@$(PROGRAM)\n"
                                       "a b c d:\n\t@cat /dev/null\n\t@echo $@ | tr a-d A-D >$@; grep -q . $@\n");
    const char *program = run_env("PROGRAM=%s", run_host("first_call"));
    for (int i = 0; i < WAYS_TO_WARM; i++) {
        expect_one_warm(LIST("/usr/bin/make", "-B", "-j4", "-C", run_scratch(""), program), ways_to_warm[i], 2);
        cr_expect_eq(access(run_scratch("d"), F_OK), 0);
    }
}

/* The one that starts is a program like any other, with and without a driver loaded. */
Test(bystanders, what_stands_between_a_program_and_what_it_starts)
{
    const char *const *ways = LIST("system", "popen", "spawn", "vfork");
    const char *command = run_env("echo a | tr a b; %s; exit 5", run_host("first_call"));
    for (; *ways; ways++)
        for (int cuda = 0; cuda < 2; cuda++) {
            const char *const *argv = LIST(run_host("starts"), *ways, command, cuda ? "cuda" : NULL);
            expect_one_warm(argv, NULL, 6);
            expect_one_warm(argv, LIST("GPUWARM_TRIGGER=load", "GPUWARM_SKIP=starts"), 6);
        }
}

/* None of these is a fork(2), after which a pool's child would be warmed: they only come before exec. */
Test(bystanders, what_is_started_is_no_child_of_a_pool)
{
    const char *const *ways = LIST("system", "popen", "spawn", "vfork");
    for (; *ways; ways++) {
        expect_same(LIST(run_host("starts"), *ways, "echo a | tr a b; exit 5", "cuda"), LIST("GPUWARM_TRIGGER=fork"));
        cr_expect_eq(journal_read()->count, 0, "%s", *ways);
    }
}

/* They become the program (nice, env, ...) or start it (timeout, xargs), and hand its exit status on. */
Test(bystanders, commands_that_run_another)
{
    const char *wrappers[][4] = {{"nice", "-n", "3"},
                                 {"timeout", "60"},
                                 {"env", "A=b"},
                                 {"nohup"},
                                 {"setsid", "--wait"},
                                 {"stdbuf", "-oL"},
                                 {"flock", run_scratch("lock")},
                                 {"nice", "nohup", "timeout", "60"}};
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
        const char *argv[8] = {"/usr/bin/env"};
        int count = 1;
        for (int word = 0; word < 4 && wrappers[i][word]; word++)
            argv[count++] = wrappers[i][word];
        argv[count++] = run_host("first_call");
        expect_one_warm_each_way(argv, 0);
        argv[count] = "7"; /* a device that is not there */
        expect_one_warm_each_way(argv, 1);
    }
}

Test(bystanders, xargs)
{
    const char *script = "echo 7 | xargs \"$0\"";
    expect_one_warm_each_way(LIST("/bin/sh", "-c", script, run_host("first_call")), 123);
}

Test(bystanders, numactl)
{
    need("/usr/bin/numactl");
    struct run run = run_program(PLAIN, LIST("/usr/bin/numactl", "--localalloc", "/bin/true"), NULL);
    if (run.status != 0)
        cr_skip_test("numactl cannot run: %s", run.err);
    expect_one_warm_each_way(LIST("/usr/bin/numactl", "--localalloc", run_host("first_call")), 0);
    expect_one_warm_each_way(LIST("/usr/bin/numactl", "--localalloc", run_host("first_call"), "7"), 1);
}
