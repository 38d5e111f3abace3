/* SPDX-License-Identifier: MIT */
/*
 * Times every driver call that the library's own stages make, without their knowing: what they look up in the driver
 * is answered with functions of the same names that take the time and pass on. So a split of the first call's time
 * (bench.c) is that of the warm-up itself and no second version of it. The seam is struct libc,
 * through which a warm-up opens the driver and looks its functions up. Not for threads; never part of the library.
 */
#ifndef GPUWARM_TIMED_H
#define GPUWARM_TIMED_H

#include "cuda/cuda_abi.h"
#include "elf/libc.h"

struct timed_call {
    const char *name; /* the function's, or "dlopen" or "dlsym" (all look-ups of one binding together) */
    long long ns;     /* how long the call took */
    long long done;   /* and until the stream had done what it asks for; equal to ns where that is one */
    CUresult result;
};

enum { TIMED_CALLS_MAX = 512 };

/* What a warm-up is given in place of the C library's own functions. */
struct libc timed_libc(void);

/* The calls since timed_clear, in their order; *count is how many. Calls beyond TIMED_CALLS_MAX are not kept. */
const struct timed_call *timed_calls(unsigned *count);
void timed_clear(void);

/* CLOCK_MONOTONIC in nanoseconds. */
long long timed_now(void);

#endif
