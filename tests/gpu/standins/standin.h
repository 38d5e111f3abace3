/* SPDX-License-Identifier: MIT */
/*
 * What the stand-ins for NVIDIA's libraries share: a cost of the first use in a process, so that there is something to
 * save. They are for the simulated driver, whose memory is the host's, and compute right; nothing about their times
 * says anything about NVIDIA's libraries.
 */
#ifndef GPU_STANDIN_H
#define GPU_STANDIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

typedef uint64_t device_pointer; /* as CUdeviceptr */

enum { STANDIN_OK = 0, STANDIN_NO_MEMORY = 2, STANDIN_FIRST_US = 30000 };

/* Takes its time when it is called first, as `paid` remembers. */
static inline void standin_pay(bool *paid)
{
    if (!*paid)
        usleep(STANDIN_FIRST_US);
    *paid = true;
}

/* An object of so many bytes, all zero, in *made. */
static inline int standin_new(void **made, size_t bytes)
{
    *made = calloc(1, bytes);
    return *made ? STANDIN_OK : STANDIN_NO_MEMORY;
}

static inline int standin_free(void *object)
{
    free(object);
    return STANDIN_OK;
}

#endif
