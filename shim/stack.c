/* SPDX-License-Identifier: MIT */
/*
 * See stack.h. The initial thread's stack grows down to a limit on its size (getrlimit(2)); any other is a mapping,
 * found in /proc/thread-self/maps. pthread_getattr_np would tell too, but allocates from the program's heap.
 */
#include "stack.h"
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* 0: `here` is not on the initial thread's stack. */
static size_t initial_left(uintptr_t here, uintptr_t top)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || here > top)
        return 0;
    /* Without a limit the stack is still where the kernel leaves room for one. */
    size_t size = limit.rlim_cur == RLIM_INFINITY ? (size_t)8 << 20 : (size_t)limit.rlim_cur;
    return top - here < size ? size - (top - here) : 0;
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
            char *dash;
            uintptr_t start = strtoull(line, &dash, 16);
            if (*dash == '-' && address >= start && address < strtoull(dash + 1, NULL, 16))
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

size_t stack_left(const void *top, bool initial)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    size_t left = initial_left(here, (uintptr_t)top);
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
