/* SPDX-License-Identifier: MIT */
/*
 * Lines about something that the user asked for and did not get, said once in a process tree: a program that starts a
 * hundred others must not say a hundred times that GPUWARM_DEVICE is misspelt. What was said is passed on to
 * descendants in one environment variable, GPUWARM_SAID, which is set only when there was something to say.
 */
#ifndef GPUWARM_ONCE_H
#define GPUWARM_ONCE_H

#include "base/log.h"
#include <stdbool.h>

/* Is the message in `said`, the value of GPUWARM_SAID or NULL? Pure. */
bool once_was_said(const char *said, const char *message);

struct once {
    const struct log *log;
    char ***environment; /* the address of `environ`, or NULL (environment.h) */
};

/*
 * Logs the message at `warn`, unless an ancestor did; one that nobody could read was not said. Changes the environment,
 * so only to be called before main.
 */
void once_warn(const struct once *once, const char *message);

#endif
