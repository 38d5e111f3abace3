/* SPDX-License-Identifier: MIT */
/* Digits in text: the value, where it stops, and what does not fit. */
#include "base/number.h"
#include <criterion/criterion.h>
#include <limits.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* `digits`: how many characters are read. */
struct row {
    const char *text;
    unsigned long long value;
    size_t digits;
};

static void assert_rows(const struct row *rows, size_t count, unsigned base)
{
    for (size_t i = 0; i < count; i++) {
        const char *end = NULL;
        unsigned long long value = number_read(rows[i].text, base, &end);
        cr_expect_eq(value, rows[i].value, "\"%s\" is %llu", rows[i].text, value);
        cr_expect_eq(end - rows[i].text, (ptrdiff_t)rows[i].digits, "\"%s\" stops at \"%s\"", rows[i].text, end);
        cr_expect_eq(number_read(rows[i].text, base, NULL), value, "\"%s\"", rows[i].text);
    }
}

Test(number, decimal)
{
    static const struct row rows[] = {
        {"0", 0, 1},       {"7", 7, 1},        {"1234567890", 1234567890, 10},
        {"000012", 12, 6}, {"42:rest", 42, 2}, {"42 kB", 42, 2},
        {"9a", 9, 1},      {"12\n34", 12, 2},
    };
    assert_rows(rows, COUNT(rows), 10);
}

Test(number, hexadecimal)
{
    static const struct row rows[] = {
        {"0", 0, 1},
        {"deadBEEF", 0xdeadbeef, 8},
        {"0123456789abcdef", 0x123456789abcdef, 16},
        {"ABCDEF-", 0xabcdef, 6},
        {"7ffd00e1f000-7ffd00e40000 rw-p", 0x7ffd00e1f000, 12},
        {"fg", 15, 1},
        {"0x10", 0, 1},
    };
    assert_rows(rows, COUNT(rows), 16);
}

/* The neighbours of the digits in ASCII among them. */
Test(number, nothing_where_no_digit_is)
{
    static const struct row rows[] = {
        {"", 0, 0},   {" 1", 0, 0}, {"\t1", 0, 0}, {"-1", 0, 0},       {"+1", 0, 0},
        {"/1", 0, 0}, {":1", 0, 0}, {"max", 0, 0}, {"\xb2\xb3", 0, 0},
    };
    assert_rows(rows, COUNT(rows), 10);
    static const struct row more[] = {{"@1", 0, 0}, {"G1", 0, 0}, {"`1", 0, 0}, {"g1", 0, 0}, {"x1", 0, 0}};
    assert_rows(more, COUNT(more), 16);
}

/* All digits are passed over, also those of a number that does not fit. */
Test(number, what_does_not_fit_is_the_largest)
{
    static const struct row decimals[] = {
        {"18446744073709551614", ULLONG_MAX - 1, 20},
        {"18446744073709551615", ULLONG_MAX, 20},
        {"00018446744073709551615", ULLONG_MAX, 23},
        {"18446744073709551616", ULLONG_MAX, 20},
        {"18446744073709551620", ULLONG_MAX, 20},
        {"184467440737095516150", ULLONG_MAX, 21},
        {"99999999999999999999999999999999 kB", ULLONG_MAX, 32},
    };
    assert_rows(decimals, COUNT(decimals), 10);
    static const struct row hexadecimals[] = {
        {"ffffffffffffffff", ULLONG_MAX, 16},
        {"fffffffffffffffe", ULLONG_MAX - 1, 16},
        {"10000000000000000", ULLONG_MAX, 17},
        {"ffffffffffffffff0 ", ULLONG_MAX, 17},
    };
    assert_rows(hexadecimals, COUNT(hexadecimals), 16);
}
