/* SPDX-License-Identifier: MIT */
/* A warm-up: the stages, in their order, on the devices that were asked for. Knows no moment and no environment. */
#ifndef GPUWARM_WARM_H
#define GPUWARM_WARM_H

#include "cuda/device.h"
#include "cuda/library.h"
#include "cuda/prefetch.h"

enum warm_result { WARM_WARM, WARM_PARTIAL, WARM_FAILED, WARM_SKIPPED };

struct warm_request {
    const struct libc *libc;
    const struct loaded *loaded; /* what is loaded; NULL where neither `libraries` nor `prefetch` is asked for */
    const struct device_list *devices;
    unsigned stages; /* STAGE_BIT()s */
    int rank;        /* local rank or -1 */
    bool alone;      /* does nothing else in this process use a device yet (stage_memory)? */
    /* What `prefetch` read before, in a process that waited; all zero: it has not run, and finds the driver too. */
    struct stage_outcome prefetched;
    const char *library_path; /* LD_LIBRARY_PATH, or NULL */
    bool unless_in_use;       /* nothing, where the program has initialised CUDA itself */
    bool device_comes_later;  /* the driver alone, where the device would be a guess */
    bool takes_exclusive; /* may this process take a device that only one process can use, if it is surely the one? */
};

/*
 * What came of it. The stages `prefetch` and `driver` are the first device's, since they are one for the process. Where
 * no device was reached there is one entry, with ordinal -1.
 */
struct warmth {
    enum warm_result result;
    long long ns;
    int visible;    /* devices that the program sees, 0 when the driver was not reached */
    unsigned count; /* of devices, at least 1 */
    struct device devices[DEVICES_MAX];
    struct stage_outcome stages[DEVICES_MAX][STAGE_COUNT];
    struct stage_outcome libraries[DEVICES_MAX][LIBRARY_COUNT]; /* OMITTED: not in this process */
    unsigned libraries_done;                                    /* those that were made ready or failed, a bit each */
    char missing[256]; /* which of the devices asked for are not there; empty */
    char problem[256]; /* the first thing that went wrong, in words; empty */
};

/*
 * Warms on the calling thread, whose current context is the same after it as before. The primary contexts stay
 * retained; everything else is given back.
 */
void warm_run(const struct warm_request *request, struct warmth *warmth);

/*
 * After that, for libraries which the program has loaded since: the stage `libraries` on the devices that were warmed.
 * false: there is none, and nothing was done.
 */
bool warm_libraries(const struct warm_request *request, struct warmth *warmth);

/* "warm", "partial", "failed", "skipped". */
const char *warm_result_name(enum warm_result result);

#endif
