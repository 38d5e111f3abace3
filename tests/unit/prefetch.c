/* SPDX-License-Identifier: MIT */
/* What /proc/meminfo says. What is read ahead is seen in tests/e2e/prefetch.c. */
#include "prefetch.h"
#include <criterion/criterion.h>

Test(prefetch, meminfo)
{
    static const char text[] = "MemTotal:       24634132 kB\n"
                               "MemFree:        22345678 kB\n"
                               "MemAvailable:   23456789 kB\n"
                               "Buffers:               0 kB\n";
    cr_assert_eq(prefetch_meminfo(text, "MemAvailable"), 23456789ULL * 1024);
    cr_assert_eq(prefetch_meminfo(text, "MemTotal"), 24634132ULL * 1024);
    cr_assert_eq(prefetch_meminfo(text, "Buffers"), 0);
    cr_assert_eq(prefetch_meminfo(text, "Mem"), 0);
    cr_assert_eq(prefetch_meminfo(text, "MemUnknown"), 0);
    cr_assert_eq(prefetch_meminfo("", "MemAvailable"), 0);
}
