/* SPDX-License-Identifier: MIT */
/* A warm-up: the stages, in their order, on the devices that were asked for. Knows no moment and no environment. */
#ifndef GPUWARM_WARM_H
#define GPUWARM_WARM_H

#include "device.h"
#include "libc.h"
#include "stage.h"

enum warm_result { WARM_WARM, WARM_PARTIAL, WARM_FAILED, WARM_SKIPPED };

struct warm_request {
    const struct libc *libc;
    const struct device_list *devices;
    unsigned stages;      /* STAGE_BIT()s */
    int rank;             /* local rank or -1 */
    bool alone;           /* does nothing else in this process use a device yet (stage_memory)? */
    bool unless_in_use;   /* nothing, where the program has initialised CUDA itself */
    bool takes_exclusive; /* may this process take a device that only one process can use, if it is surely the one? */
};

/*
 * What came of it. The stage `driver` is the first device's, since it is one for the process. Where no device was
 * reached there is one entry, with ordinal -1.
 */
struct warmth {
    enum warm_result result;
    long long ns;
    int visible;    /* devices that the program sees, 0 when the driver was not reached */
    unsigned count; /* of devices, at least 1 */
    struct device devices[DEVICES_MAX];
    struct stage_outcome stages[DEVICES_MAX][STAGE_COUNT];
    char missing[256]; /* which of the devices asked for are not there; empty */
    char problem[256]; /* the first thing that went wrong, in words; empty */
};

/*
 * Warms on the calling thread, whose current context is the same after it as before. The primary contexts stay
 * retained; everything else is given back.
 */
void warm_run(const struct warm_request *request, struct warmth *warmth);

/* "warm", "partial", "failed", "skipped". */
const char *warm_result_name(enum warm_result result);

#endif
