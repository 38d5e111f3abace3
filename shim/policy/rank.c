/* SPDX-License-Identifier: MIT */
/* See rank.h. */
#include "policy/rank.h"
#include "base/environment.h"
#include <stddef.h>

/* Decimal digits and nothing else; 9999 ranks on one machine are enough. */
static int rank_parse(const char *value)
{
    int rank = 0;
    for (int i = 0; value[i]; i++) {
        if (value[i] < '0' || value[i] > '9' || i == 4)
            return -1;
        rank = rank * 10 + (value[i] - '0');
    }
    return rank;
}

struct rank rank_find(char *const *environment)
{
    static const char variables[][28] = {
#define RANK(variable, launcher) #variable,
#include "policy/ranks.def"
#undef RANK
    };
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = environment_get(environment, variables[i]);
        int rank = value ? rank_parse(value) : -1;
        if (rank >= 0)
            return (struct rank){rank, variables[i]};
    }
    return (struct rank){-1, NULL};
}
