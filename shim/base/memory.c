/* SPDX-License-Identifier: MIT */
/*
 * See memory.h. Rejected, to ask whether memory can be read: process_vm_readv(2) alone, which seccomp filters refuse; a
 * pipe, which takes descriptors; rt_sigprocmask(2) with an action that there is not, of which valgrind complains; what
 * was found readable before, which may be unmapped since.
 */
#include "base/memory.h"
#include <errno.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * So far below the arguments there is nothing but the initial thread's stack: its limit is at least a page, and the
 * kernel leaves a gap of 256 pages below it.
 */
static const uintptr_t STACK_SURE_BYTES = (uintptr_t)1 << 20;

static uintptr_t stack_top;

void memory_begin(const void *top)
{
    stack_top = (uintptr_t)top;
}

/* What is between this frame and the arguments is in use, and so mapped. */
static bool is_on_initial_stack(uintptr_t from, size_t bytes)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    return here < from && from < stack_top && bytes <= stack_top - from && stack_top - here < STACK_SURE_BYTES;
}

/*
 * futex(2) reads four bytes, which are never on two pages, before it compares them with a number (EAGAIN) and moves
 * nobody who waits there: 0 of them. Every process with threads may call it.
 */
static bool is_readable(uintptr_t address)
{
    const uintptr_t word = address & ~(uintptr_t)3;
    const int operation = FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG;
    return syscall(SYS_futex, word, (long)operation, 0L, 0L, word, 0L) >= 0 || errno == EAGAIN;
}

size_t memory_readable(const void *from, size_t bytes)
{
    uintptr_t start = (uintptr_t)from, page = (uintptr_t)getpagesize();
    size_t known = is_on_initial_stack(start, bytes) ? bytes : 0;
    while (known < bytes && is_readable(start + known))
        known += page - (start + known) % page;
    return known < bytes ? known : bytes;
}

size_t memory_read(const void *from, void *to, size_t bytes)
{
    if (is_on_initial_stack((uintptr_t)from, bytes)) {
        memcpy(to, from, bytes);
        return bytes;
    }
    struct iovec here = {to, bytes}, there = {(void *)from, bytes};
    long copied = syscall(SYS_process_vm_readv, getpid(), &here, 1UL, &there, 1UL, 0UL);
    if (copied >= 0)
        return (size_t)copied;
    size_t readable = errno == EFAULT ? 0 : memory_readable(from, bytes);
    if (readable)
        memcpy(to, from, readable);
    return readable;
}
