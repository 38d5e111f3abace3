/* SPDX-License-Identifier: MIT */
/* How long things take: nanoseconds of a clock that is never set (CLOCK_MONOTONIC). */
#ifndef GPUWARM_CLOCK_H
#define GPUWARM_CLOCK_H

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline long long clock_ns(void)
{
    /* By number: the function asks for GLIBC_2.17, one more version to be checked in every process (libc.h). */
    struct timespec now = {0};
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif
