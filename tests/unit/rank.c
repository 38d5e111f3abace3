/* SPDX-License-Identifier: MIT */
/* The local rank: which launcher's variable counts, and that a malformed one counts as none. */
#include "policy/rank.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define RANK_OF(...) rank_find((char *const[]){__VA_ARGS__, NULL})

/* The order that the design gives, written out: a change of ranks.def is to be a decision. */
static const char *const variables[] = {
    "LOCAL_RANK",        "OMPI_COMM_WORLD_LOCAL_RANK", "MV2_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID",
    "PALS_LOCAL_RANKID", "FLUX_TASK_LOCAL_ID",         "JSM_NAMESPACE_LOCAL_RANK",  "PMI_LOCAL_RANK",
    "SLURM_LOCALID",
};

static void assert_rank(struct rank rank, int local, const char *variable)
{
    cr_assert_eq(rank.local, local, "rank %d, not %d", rank.local, local);
    if (variable)
        cr_assert_str_eq(rank.variable, variable);
    else
        cr_assert_null(rank.variable);
}

Test(rank, each_variable)
{
    for (size_t i = 0; i < COUNT(variables); i++) {
        char text[64];
        snprintf(text, sizeof text, "%s=%zu", variables[i], i + 3);
        assert_rank(RANK_OF("HOME=/", text), (int)i + 3, variables[i]);
    }
}

/* All of them, the outermost first in the environment; then without the innermost one, and so on. */
Test(rank, innermost_launcher_wins)
{
    static char texts[COUNT(variables)][64];
    char *environment[COUNT(variables) + 1] = {NULL};
    for (size_t i = 0; i < COUNT(variables); i++) {
        snprintf(texts[i], sizeof texts[i], "%s=%zu", variables[i], i);
        environment[COUNT(variables) - 1 - i] = texts[i];
    }
    for (size_t i = 0; i < COUNT(variables); i++) {
        assert_rank(rank_find(environment), (int)i, variables[i]);
        environment[COUNT(variables) - 1 - i] = NULL;
    }
}

Test(rank, none)
{
    assert_rank(rank_find(NULL), -1, NULL);
    assert_rank(rank_find((char *const[]){NULL}), -1, NULL);
    assert_rank(RANK_OF("HOME=/", "LOCAL_RANKS=1", "XLOCAL_RANK=1", "local_rank=1", "LOCAL_RANK"), -1, NULL);
}

Test(rank, ranks_in_the_whole_job_are_ignored)
{
    assert_rank(RANK_OF("PMI_RANK=5", "PMIX_RANK=6", "RANK=7", "OMPI_COMM_WORLD_RANK=8", "SLURM_PROCID=9"), -1, NULL);
    assert_rank(RANK_OF("PMI_RANK=5", "PMIX_RANK=6", "SLURM_LOCALID=1"), 1, "SLURM_LOCALID");
}

Test(rank, numbers)
{
    assert_rank(RANK_OF("LOCAL_RANK=0"), 0, "LOCAL_RANK");
    assert_rank(RANK_OF("LOCAL_RANK=007"), 7, "LOCAL_RANK");
    assert_rank(RANK_OF("LOCAL_RANK=9999"), 9999, "LOCAL_RANK");
}

Test(rank, malformed_counts_as_none_and_the_next_is_used)
{
    static char *const malformed[] = {
        "LOCAL_RANK=",      "LOCAL_RANK=-1",         "LOCAL_RANK=+1",
        "LOCAL_RANK=1x",    "LOCAL_RANK=x",          "LOCAL_RANK= 1",
        "LOCAL_RANK=1 ",    "LOCAL_RANK=1.0",        "LOCAL_RANK=0x1",
        "LOCAL_RANK=10000", "LOCAL_RANK=00001",      "LOCAL_RANK=1,2",
        "LOCAL_RANK=1/2",   "LOCAL_RANK=4294967296", "LOCAL_RANK=99999999999999999999",
    };
    for (size_t i = 0; i < COUNT(malformed); i++) {
        struct rank rank = RANK_OF(malformed[i]);
        cr_assert_eq(rank.local, -1, "%s gave %d", malformed[i], rank.local);
        cr_assert_null(rank.variable, "%s", malformed[i]);
        assert_rank(RANK_OF(malformed[i], "SLURM_LOCALID=2"), 2, "SLURM_LOCALID");
    }
}
