/* SPDX-License-Identifier: MIT */
/* Holding signals back while something is done that the program must not notice. */
#ifndef GPUWARM_SIGNALS_H
#define GPUWARM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct signals {
    sigset_t mask;    /* the thread's before */
    sigset_t pending; /* what was pending before */
    sigset_t handled; /* those that have a handler, where they were asked for */
    sigset_t let_in;  /* those that the program blocks but in its wait, and whose handlers are to run before it */
};

/* What came in while signals were held: whether a call that waits would have been interrupted by its handler. */
enum signals_came { SIGNALS_NONE, SIGNALS_RESTARTING /* all handlers have SA_RESTART */, SIGNALS_INTERRUPTING };

/*
 * Blocks, on this thread, what writing raises: SIGPIPE, SIGXFSZ, and SIGTTOU, which would stop a background job.
 * Write errors show in the result of the call instead.
 */
void signals_hold_writing(struct signals *signals);

/* Blocks every signal but those that a fault raises. */
void signals_hold_all(struct signals *signals);

/*
 * Blocks the signals that have a handler, but those of faults: their handlers then run after what we do and not in the
 * middle of it. The others keep their default action, so that the process can still be ended. What writing raises is
 * blocked too.
 */
void signals_hold_handled(struct signals *signals);

enum { SIGNALS = 65 };           /* Linux: 1 to 64 */
enum { SIGNALS_MASK_BYTES = 8 }; /* of a mask as the kernel takes it */

/* Has the signal a handler? Then *action is what sigaction(2) tells of it. */
bool signals_has_handler(int signal, struct sigaction *action);

/* Are all in it that a program can block, but those of faults and the C library's own (32, 33)? Pure. */
bool signals_are_all(const sigset_t *mask);

/*
 * After signals_hold_handled: what came since, to be asked before it is delivered by signals_release. `mask` is what
 * the call blocks while it waits (NULL: what the thread does). What we caused ourselves interrupts no call, though its
 * handler runs: SIGCHLD where no child has anything to tell (one that the driver started and waited for), and SIGPROF
 * and SIGVTALRM of timers. May change errno.
 */
enum signals_came signals_came(struct signals *signals, const sigset_t *mask);

/* Restores the mask. What writing raised in between is dropped; any other signal that came is delivered now. */
void signals_release(const struct signals *signals);

#endif
