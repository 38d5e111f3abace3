/* SPDX-License-Identifier: MIT */
/* Holding signals back while something is done that the program must not notice. */
#ifndef GPUWARM_SIGNALS_H
#define GPUWARM_SIGNALS_H

#include <signal.h>

struct signals {
    sigset_t mask;    /* the thread's before */
    sigset_t pending; /* what was pending before */
};

/*
 * Blocks, on this thread, what writing raises: SIGPIPE, SIGXFSZ, and SIGTTOU, which would stop a background job.
 * Write errors show in the result of the call instead.
 */
void signals_hold_writing(struct signals *signals);

/* Blocks every signal but those that a fault raises. */
void signals_hold_all(struct signals *signals);

/* Restores the mask. What writing raised in between is dropped; any other signal that came is delivered now. */
void signals_release(const struct signals *signals);

#endif
