/* SPDX-License-Identifier: MIT */
/* How much may be read. What is read ahead is seen in tests/e2e/prefetch.c. */
#include "cuda/prefetch.h"
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

Test(prefetch, half_of_what_is_available)
{
    static const char meminfo[] = "MemTotal: 4000 kB\nMemAvailable: 1000 kB\n";
    static const unsigned long long half = 500 << 10;
    cr_expect_eq(prefetch_budget(meminfo, "", ""), half, "no control group");
    cr_expect_eq(prefetch_budget(meminfo, "max\n", "123456\n"), half, "one without a limit");
    cr_expect_eq(prefetch_budget(meminfo, "900000\n", "500000\n"), 200000, "one with less than the machine has");
    cr_expect_eq(prefetch_budget(meminfo, "900000000\n", "500000\n"), half, "one with more");
    cr_expect_eq(prefetch_budget(meminfo, "500000\n", "500001\n"), 0, "one that is full");
    cr_expect_eq(prefetch_budget("", "900000\n", "0\n"), 0, "nobody knows what is available");
}
