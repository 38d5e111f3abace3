/* SPDX-License-Identifier: MIT */
/*
 * GPUs that only one process can have, which no launcher may take from its worker; and ranks under a launcher, each of
 * which has a GPU of its own. With and without the library, launchers in C and in Python.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(works_gpus, .init = run_setup, .fini = run_teardown);

#define EXCLUSIVE "SIMCUDA_COMPUTE_MODE=exclusive"
#define RUNS(...) LIST(run_host("runs"), __VA_ARGS__)
/* Steps of tests/hosts/works.py. */
#define PYTHON(...) LIST("/usr/bin/python3", "-B", "tests/hosts/works.py", run_host("first_call"), __VA_ARGS__)

static size_t warm_ups(void)
{
    return journal_calls(journal_read(), "cuLaunchKernel", "name=gpuwarm_kernel");
}

/* Runs the program with and without the library, which must give the same; how many processes were warmed. */
static size_t same(const char *const *argv, const char *const *settings)
{
    if (access(argv[0], X_OK) != 0)
        cr_skip_test("%s is not installed", argv[0]);
    struct run without = run_program(PLAIN, argv, settings);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, settings);
    cr_assert_eq(without.status, 0, "%d %s", without.status, without.out);
    cr_expect_null(strstr(without.out, "cu"), "a call failed: %s", without.out);
    cr_expect_eq(with.status, without.status, "%s: %d", settings[0], with.status);
    cr_expect_str_eq(with.out, without.out, "%s: %s", settings[0], with.out);
    cr_expect_str_eq(with.err, without.err, "%s: %s", settings[0], with.err);
    return warm_ups();
}

#define AUTO "GPUWARM_TRIGGER=auto"

Test(works_gpus, a_launcher_that_links_CUDA_leaves_the_only_one_to_its_worker)
{
    const char *const *argv = RUNS("spawn", run_host("first_call"));
    cr_expect_eq(same(argv, LIST(AUTO, EXCLUSIVE)), 1, "the worker");
    cr_expect_eq(same(argv, LIST("GPUWARM_TRIGGER=load", EXCLUSIVE)), 1, "the worker");
    cr_expect_eq(same(argv, LIST("GPUWARM_TRIGGER=load", "GPUWARM_DEVICE=0", EXCLUSIVE)), 1, "the worker");
    cr_expect_eq(same(argv, LIST(AUTO)), 1, "the launcher, where both can have it");
}

Test(works_gpus, a_launcher_that_is_replaced_by_its_worker_leaves_it_the_only_one)
{
    cr_expect_eq(same(RUNS("exec", run_host("first_call")), LIST(AUTO, EXCLUSIVE)), 1, "the worker");
}

Test(works_gpus, a_launcher_in_Python_leaves_the_only_one_to_its_worker)
{
    cr_expect_eq(same(PYTHON("load", "launch"), LIST(AUTO, EXCLUSIVE)), 1, "the worker");
    cr_expect_eq(same(PYTHON("load", "launch"), LIST("GPUWARM_TRIGGER=load", EXCLUSIVE)), 1, "the worker");
    cr_expect_eq(same(PYTHON("load", "pool=fork", "launch"), LIST("GPUWARM_TRIGGER=fork", EXCLUSIVE)), 0, "no one");
}

Test(works_gpus, a_server_leaves_the_only_one_to_its_worker)
{
    const char *const *argv = PYTHON("load", "serve", "launch");
    cr_expect_eq(same(argv, LIST(AUTO, EXCLUSIVE)), 1, "the worker");
    cr_expect_eq(same(argv, LIST("GPUWARM_TRIGGER=serve", EXCLUSIVE)), 0, "the worker does not serve");
    cr_expect_eq(same(argv, LIST(AUTO, EXCLUSIVE, "GPUWARM_DEVICE=0")), 1, "a device is no word on who has it");
    struct run wrong = run_program(PRELOADED, argv, LIST("GPUWARM_TRIGGER=serve", "GPUWARM_DEVICE=0", EXCLUSIVE));
    cr_expect_not_null(strstr(wrong.out, "cuDevicePrimaryCtxRetain(&context, device): 46"), "the hazard is real");
}

/* It is the server that uses it: it has a context already, and needs no more, or it is the user's word. */
Test(works_gpus, a_server_that_has_the_only_one_is_warmed)
{
    cr_expect_eq(same(PYTHON("load", "use", "serve", "use"), LIST(AUTO, EXCLUSIVE)), 0);
    cr_expect_eq(same(PYTHON("load", "serve", "use"), LIST("GPUWARM_TRIGGER=serve", "GPUWARM_DEVICE=0", EXCLUSIVE)), 1);
    cr_expect_eq(same(PYTHON("load", "serve", "use"), LIST(AUTO, EXCLUSIVE)), 0);
}

/* How many of the ranks were warmed on the GPU that they use themselves: each of four retains one context, twice. */
static int ranks_warmed(void)
{
    const struct journal *journal = journal_read();
    int ranks = 0;
    for (int rank = 0; rank < 4; rank++) {
        char device[16];
        snprintf(device, sizeof device, "device=%d", rank);
        for (size_t i = 0; i < journal->count; i++) {
            const struct journal_line *launch = &journal->lines[i];
            int here = 0, elsewhere = 0;
            for (size_t j = 0; strcmp(launch->function, "cuLaunchKernel") == 0 && j < journal->count; j++)
                if (journal->lines[j].pid == launch->pid &&
                    strcmp(journal->lines[j].function, "cuDevicePrimaryCtxRetain") == 0)
                    *(strstr(journal->lines[j].detail, device) ? &here : &elsewhere) += 1;
            ranks += here == 2 && elsewhere == 0;
        }
    }
    return ranks;
}

static const char *const variables[] = {"LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID"};

enum { VARIABLES = sizeof variables / sizeof *variables };

#define FOUR "SIMCUDA_DEVICES=4"

Test(works_gpus, ranks_under_a_launcher_in_shell)
{
    const char *loop = "for rank in 0 1 2 3; do LOCAL_RANK=$rank \"$0\" $rank || exit 1; done";
    cr_expect_eq(same(LIST("/bin/sh", "-c", loop, run_host("first_call")), LIST(AUTO, FOUR, EXCLUSIVE)), 4);
    cr_expect_eq(ranks_warmed(), 4);
}

Test(works_gpus, ranks_under_a_launcher_in_Python)
{
    for (int i = 0; i < VARIABLES; i++) {
        cr_expect_eq(same(PYTHON("load", run_env("ranks=%s", variables[i])), LIST(AUTO, FOUR)), 4, "%s", variables[i]);
        cr_expect_eq(ranks_warmed(), 4, "%s", variables[i]);
    }
    cr_expect_eq(same(PYTHON("load", "ranks=LOCAL_RANK"), LIST(AUTO, FOUR, EXCLUSIVE)), 4);
    cr_expect_eq(ranks_warmed(), 4);
    cr_expect_eq(same(PYTHON("load", "ranks=LOCAL_RANK"), LIST(AUTO, FOUR, "SLURM_LOCALID=0")), 4, "the innermost's");
    cr_expect_eq(ranks_warmed(), 4);
}

Test(works_gpus, ranks_of_which_each_sees_one)
{
    cr_expect_eq(same(PYTHON("load", "ranks=LOCAL_RANK=alone"), LIST(AUTO, FOUR, EXCLUSIVE)), 4);
}

Test(works_gpus, ranks_under_a_launcher_that_links_CUDA)
{
    for (int i = 0; i < VARIABLES; i++) {
        const char *const *argv = RUNS("ranks", variables[i], run_host("first_call"));
        cr_expect_eq(same(argv, LIST(AUTO, FOUR)), 5, "%s: the launcher too", variables[i]);
        cr_expect_eq(ranks_warmed(), 4, "%s", variables[i]);
        cr_expect_eq(same(argv, LIST("GPUWARM_TRIGGER=load", FOUR)), 5, "%s: the launcher too", variables[i]);
        cr_expect_eq(ranks_warmed(), 4, "%s", variables[i]);
        cr_expect_eq(same(argv, LIST(AUTO, FOUR, EXCLUSIVE)), 4, "%s: the launcher takes none", variables[i]);
        cr_expect_eq(ranks_warmed(), 4, "%s", variables[i]);
    }
}
