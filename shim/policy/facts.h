/* SPDX-License-Identifier: MIT */
/* Looking at this process: what the policy needs to know. Reads only, and no more than can still matter. */
#ifndef GPUWARM_FACTS_H
#define GPUWARM_FACTS_H

#include "base/auxv.h"
#include "elf/image.h"
#include "elf/loaded.h"
#include "policy/policy.h"
#include "policy/program.h"
#include "policy/rank.h"

struct process {
    struct program program;
    struct rank rank; /* known when the process may be warmed */
    struct facts facts;
    enum log_level skip_level; /* of the entry of the skip list that matched (program.h) */
    char skipped[64];          /* what facts.skipped points to */
    char driver[256];          /* what facts.own_driver points to */
};

/*
 * Fills `process`, which must stay where it is. `image` is NULL where the executable could not be read; then `loaded`
 * is not read either.
 */
void facts_gather(const struct start *start, const struct image *image, const struct loaded *loaded,
                  char *const *environment, const struct config *config, struct process *process);

/*
 * Was it started by a program, and not by a shell, a launcher or whatever else is on the skip list, that had this
 * variable at its start too? Then the user means that one.
 */
bool facts_parent_asks(const char *variable);

#endif
