/* SPDX-License-Identifier: MIT */
/* How much stack the calling thread has left. A moment may come on any stack that a program made for a thread. */
#ifndef GPUWARM_STACK_H
#define GPUWARM_STACK_H

#include <stdbool.h>
#include <stddef.h>

/* Are there at least `bytes` below this call? `top` is an address at the top of the initial thread's stack (argv). */
bool stack_has(size_t bytes, const void *top);

#endif
