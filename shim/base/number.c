/* SPDX-License-Identifier: MIT */
/* See number.h. Pure: no system calls, no state, and no locale. */
#include "base/number.h"
#include <limits.h>
#include <stddef.h>

/* 16, which no base has, for what is no digit. */
static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

unsigned long long number_read(const char *text, unsigned base, const char **end)
{
    unsigned long long value = 0;
    for (unsigned digit; (digit = digit_value(*text)) < base; text++)
        if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value))
            value = ULLONG_MAX; /* and so it stays: each further digit overflows too */
    if (end)
        *end = text;
    return value;
}
