/* SPDX-License-Identifier: MIT */
/*
 * Reading memory of this process that another thread may give back meanwhile: what is gone is an error, not a fault.
 * No lock, no memory of its own, no descriptor: safe in a signal handler.
 */
#ifndef GPUWARM_MEMORY_H
#define GPUWARM_MEMORY_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Copies up to `size` bytes from `from`, as far as they can be read. How many those were; 0 for none. May change errno.
 * The kernel copies them (process_vm_readv). Where it lacks that (gVisor, emulators) or a filter refuses it, each page
 * is asked about before it is read. There a page that goes between question and read is a fault: that takes less than a
 * microsecond.
 */
size_t memory_read(const void *from, void *to, size_t size);

#endif
