/* SPDX-License-Identifier: MIT */
/* How much stack the calling thread has left. A moment may come on any stack that a program made for a thread. */
#ifndef GPUWARM_STACK_H
#define GPUWARM_STACK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How many bytes there are below this call; 0 when that cannot be known. `top` is an address at the top of the initial
 * thread's stack (argv). On that thread (`initial`) any other stack is a coroutine's, which the program may have put
 * anywhere, its heap included.
 */
size_t stack_left(const void *top, bool initial);

#endif
