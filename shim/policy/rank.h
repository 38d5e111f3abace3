/* SPDX-License-Identifier: MIT */
/* The process's rank on its machine, from the variables that launchers set (ranks.def). Pure. */
#ifndef GPUWARM_RANK_H
#define GPUWARM_RANK_H

struct rank {
    int local;            /* from 0, or -1: none */
    const char *variable; /* where it was found, a literal; NULL when none */
};

/* The first variable of the list with a number in it; one that holds anything else counts as not set. */
struct rank rank_find(char *const *environment);

#endif
