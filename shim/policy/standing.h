/* SPDX-License-Identifier: MIT */
/*
 * What a process that was not warmed says of itself when it waits: a probe must be able to tell one that will be warmed
 * before its first request from one that will not, as things are. Pure.
 */
#ifndef GPUWARM_STANDING_H
#define GPUWARM_STANDING_H

#include "policy/policy.h"
#include <stdbool.h>

/* A wait of a process that has not been warmed. */
struct standing {
    bool listener;        /* it waits at a socket that listens, of any kind */
    bool serving_thread;  /* on a thread whose waiting counts (GPUWARM_TRIGGER) */
    bool counts;          /* the socket's kind counts too */
    bool cuda;            /* a CUDA library is loaded, or is linked in */
    bool child_of_warmed; /* it was forked from a process that had initialised CUDA */
    bool forked;          /* it was forked, and has said nothing of itself yet */
    bool forks;           /* it listens, and has forked since */
    bool waits_long;      /* it has waited for other things so often that it may be there for nothing else */
};

/* Why it is not warmed as things are. false: nothing that is worth saying, or it is warmed in this call. */
bool standing_reason(const struct standing *standing, enum reason *reason);

/* Is this the first wait, the second, the fourth and so on? */
bool standing_is_seldom(unsigned wait);

/*
 * Is this the first wait, the second, the fourth and so on, up to a thousand? What is asked at these only, of the
 * kernel, is asked ten times at the most.
 */
bool standing_is_time(unsigned wait);

#endif
