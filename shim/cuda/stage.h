/* SPDX-License-Identifier: MIT */
/*
 * The stages of a warm-up (stages.def) and what came of one. A stage function takes the driver table and what it works
 * on, leaves nothing behind but what the stage is for, and fills an outcome; it reads no environment, says nothing and
 * knows no moment.
 */
#ifndef GPUWARM_STAGE_H
#define GPUWARM_STAGE_H

#include "cuda/cuda_abi.h"
#include "policy/stages.h"
#include <stdbool.h>

enum stage_result { STAGE_OMITTED, STAGE_OK, STAGE_FAILED, STAGE_SKIPPED };

struct stage_outcome {
    enum stage_result result; /* OMITTED: not asked for; SKIPPED: asked for, but something before it failed */
    long long ns;             /* how long it took */
    CUresult error;           /* of the call that failed: the driver's, or another library's status */
    const char *call;         /* its name, a literal; NULL when none failed */
    const char *error_name;   /* the error's name once it was asked for; NULL */
    unsigned long long bytes; /* prefetch: how much it asked for that was not in memory */
};

const char *stage_name(enum stage stage);

struct driver;

/* Retains the primary context of `device` into *context. It stays retained for the life of the process. */
void stage_context(const struct driver *driver, CUdevice device, CUcontext *context, struct stage_outcome *outcome);

/* The two below need the device's context to be current on this thread. */
void stage_kernel(const struct driver *driver, struct stage_outcome *outcome);

/*
 * `alone`: nothing else in this process uses the device yet, so the default stream may be used too. Where threads of
 * the program may, it is not: a synchronous copy waits for their work, and fails a graph that one of them captures.
 */
void stage_memory(const struct driver *driver, bool alone, struct stage_outcome *outcome);

#endif
