/* SPDX-License-Identifier: MIT */
/*
 * Memory of this process that may not be there: what the program passes to a call that waits, where the kernel would
 * answer EFAULT, and what another thread may give back meanwhile. It is asked about or copied here, and no fault.
 * No lock, no memory of its own, no descriptor: safe in a signal handler.
 */
#ifndef GPUWARM_MEMORY_H
#define GPUWARM_MEMORY_H

#include <stddef.h>

/* Remembers an address at the top of the initial thread's stack (argv), before main. */
void memory_begin(const void *top);

/*
 * How many of `bytes` from `from` on can be read now: all, or those before a page that cannot. One system call for each
 * page; none where the memory is further up on the initial thread's stack, as local variables of the caller are. May
 * change errno.
 */
size_t memory_readable(const void *from, size_t bytes);

/*
 * Copies up to `bytes` from `from`, as far as they can be read. How many those were; 0 for none. May change errno. The
 * kernel copies them (process_vm_readv), but for local variables of callers. Where it lacks that (gVisor, emulators) or
 * a filter refuses it, they are asked about and then read: there a page that goes meanwhile is a fault, in less than a
 * microsecond. Memory that was never written may be copied: no checker complains, as it would of a question about it.
 */
size_t memory_read(const void *from, void *to, size_t bytes);

#endif
