/* SPDX-License-Identifier: MIT */
/*
 * See stack.h. The initial thread's stack grows down to a limit on its size (getrlimit(2)); any other is a mapping,
 * found in /proc/thread-self/maps. pthread_getattr_np would tell too, but allocates from the program's heap.
 */
#include "base/stack.h"
#include "base/lines.h"
#include "base/number.h"
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * What lies below the stack was put there by the limit at exec. A limit that is infinite, or was raised since, promises
 * room that there need not be: more than this is not counted on.
 */
static const size_t INITIAL_MAX_BYTES = (size_t)64 << 20;

/* 0: `here` is not on the initial thread's stack, as far as its limit tells. */
static size_t initial_left(uintptr_t here, uintptr_t top)
{
    struct rlimit limit;
    if (syscall(SYS_getrlimit, RLIMIT_STACK, &limit) != 0 || here > top)
        return 0;
    size_t size = limit.rlim_cur < INITIAL_MAX_BYTES ? (size_t)limit.rlim_cur : INITIAL_MAX_BYTES;
    return top - here < size ? size - (top - here) : 0;
}

/*
 * Is all memory between the two mapped, so that they are on one stack? The kernel leaves a gap below a stack that
 * grows. mincore(2) tells of a hole. Not msync(2), which would: checkers take it for a question about the contents.
 */
static bool is_one_stack(uintptr_t here, uintptr_t top)
{
    enum { PAGES = 1024 };
    unsigned char ignored[PAGES];
    const uintptr_t page = (uintptr_t)getpagesize(), piece = PAGES * page;
    for (uintptr_t start = here & ~(page - 1); start < top; start += piece)
        if (syscall(SYS_mincore, start, top - start < piece ? top - start : piece, ignored) != 0)
            return false;
    return true;
}

/* The start of the mapping that holds the address, from lines "start-end ..."; 0 when it is not there. */
static uintptr_t mapping_start(uintptr_t address)
{
    struct lines lines;
    const char *line, *dash;
    uintptr_t start = 0;
    if (!lines_open(&lines, "maps"))
        return 0;
    while (!start && (line = lines_next(&lines))) {
        uintptr_t from = number_read(line, 16, &dash);
        if (*dash == '-' && address >= from && address < number_read(dash + 1, 16, NULL))
            start = from;
    }
    lines_close(&lines);
    return start;
}

size_t stack_left_at_start(const void *top)
{
    return initial_left((uintptr_t)__builtin_frame_address(0), (uintptr_t)top);
}

size_t stack_left(const void *top, bool initial)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    size_t left = initial_left(here, (uintptr_t)top);
    if (left && !is_one_stack(here, (uintptr_t)top))
        left = 0;
    if (left || initial)
        return left;
    uintptr_t start = mapping_start(here);
    return start ? here - start : 0;
}
