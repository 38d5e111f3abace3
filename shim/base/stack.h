/* SPDX-License-Identifier: MIT */
/* How much stack the calling thread has left. A moment may come on any stack that a program made for a thread. */
#ifndef GPUWARM_STACK_H
#define GPUWARM_STACK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How many bytes there are below this call; 0 when that cannot be known. `top` is an address at the top of the initial
 * thread's stack (argv). On that thread (`initial`) any other stack is a coroutine's, which the program may have put
 * anywhere, its heap included: 0. May change errno.
 */
size_t stack_left(const void *top, bool initial);

/* The same in a constructor, which runs on the initial thread's stack: by its limit alone, for one system call. */
size_t stack_left_at_start(const void *top);

#endif
