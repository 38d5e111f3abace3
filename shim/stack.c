/* SPDX-License-Identifier: MIT */
/*
 * See stack.h. The initial thread's stack grows down to a limit on its size (getrlimit(2)); any other is a mapping,
 * found in /proc/thread-self/maps. pthread_getattr_np would tell too, but allocates from the program's heap.
 */
#include "stack.h"
#include "number.h"
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
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
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || here > top)
        return 0;
    size_t size = limit.rlim_cur < INITIAL_MAX_BYTES ? (size_t)limit.rlim_cur : INITIAL_MAX_BYTES;
    return top - here < size ? size - (top - here) : 0;
}

/*
 * Is all memory between the two mapped, so that they are on one stack? The kernel leaves a gap below a stack that
 * grows. msync(2) with MS_ASYNC only says whether there is a hole. By number, since it is a point of cancellation.
 */
static bool is_one_stack(uintptr_t here, uintptr_t top)
{
    uintptr_t start = here & ~((uintptr_t)getpagesize() - 1);
    return syscall(SYS_msync, start, top - start, (long)MS_ASYNC) == 0;
}

/* The start of the mapping that holds the address, from lines "start-end ..."; 0 when it is not there. */
static uintptr_t mapping_start(int fd, uintptr_t address)
{
    char text[4096];
    size_t kept = 0;
    ssize_t length;
    while ((length = read(fd, text + kept, sizeof text - 1 - kept)) > 0) {
        char *line = text, *end;
        text[kept += (size_t)length] = '\0';
        while ((end = strchr(line, '\n'))) {
            const char *dash;
            uintptr_t start = number_read(line, 16, &dash);
            if (*dash == '-' && address >= start && address < number_read(dash + 1, 16, NULL))
                return start;
            line = end + 1;
        }
        kept = (size_t)(text + kept - line);
        if (kept == sizeof text - 1)
            return 0;
        memmove(text, line, kept);
    }
    return 0;
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
    /* /proc/self is the initial thread's, and empty once that has ended; thread-self came with Linux 3.17. */
    int fd = open("/proc/thread-self/maps", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    uintptr_t start = fd >= 0 ? mapping_start(fd, here) : 0;
    if (fd >= 0)
        close(fd);
    return start ? here - start : 0;
}
