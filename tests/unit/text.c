/* SPDX-License-Identifier: MIT */
/* Text in a buffer of fixed size: that nothing is written behind it, that JSON stays JSON, and how times are rounded.
 */
#include "base/text.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

Test(text, begins_empty)
{
    char buffer[4] = "xyz";
    struct text text = text_in(buffer, sizeof buffer);
    cr_assert_str_eq(text.data, "");
    cr_assert_eq(text.data, buffer);
    cr_assert_eq(text.size, sizeof buffer);
    cr_assert_eq(text.length, 0);
    cr_assert_not(text.truncated);
}

Test(text, appends)
{
    char buffer[32];
    struct text text = text_in(buffer, sizeof buffer);
    text_format(&text, "%s=%d", "a", 12);
    text_format(&text, "%s", "");
    text_format(&text, ", %c", 'b');
    cr_assert_str_eq(buffer, "a=12, b");
    cr_assert_eq(text.length, 7);
    cr_assert_not(text.truncated);
}

/* Every size from one byte on: what fits is there, what does not is cut off, and nothing behind the buffer changes. */
Test(text, cuts_off_what_does_not_fit)
{
    static const char whole[] = "0123456789abcdef";
    for (size_t size = 1; size <= sizeof whole + 1; size++) {
        char buffer[32];
        memset(buffer, 'z', sizeof buffer);
        struct text text = text_in(buffer, size);
        text_format(&text, "%s", "0123456789");
        text_format(&text, "%s", "abcdef");
        size_t fits = size - 1 < strlen(whole) ? size - 1 : strlen(whole);
        cr_assert_eq(text.length, fits, "%zu bytes: length %zu", size, text.length);
        cr_assert_eq(strlen(buffer), fits, "%zu bytes: \"%s\"", size, buffer);
        cr_assert_eq(strncmp(buffer, whole, fits), 0, "%zu bytes: \"%s\"", size, buffer);
        cr_assert_eq(text.truncated, fits < strlen(whole), "%zu bytes", size);
        for (size_t i = size; i < sizeof buffer; i++)
            cr_assert_eq(buffer[i], 'z', "%zu bytes: byte %zu was written", size, i);
    }
}

Test(text, stays_truncated)
{
    char buffer[4];
    struct text text = text_in(buffer, sizeof buffer);
    text_format(&text, "abcdef");
    text_format(&text, "%s", "");
    text_json(&text, "ghi");
    text_ms(&text, 1000000);
    cr_assert(text.truncated);
    cr_assert_str_eq(buffer, "abc");
    cr_assert_eq(text.length, 3);
}

static void assert_json(const char *string, const char *json)
{
    char buffer[512];
    struct text text = text_in(buffer, sizeof buffer);
    text_json(&text, string);
    cr_assert_str_eq(buffer, json);
    cr_assert_eq(text.length, strlen(json));
    cr_assert_not(text.truncated);
}

Test(text, json_strings)
{
    static const struct {
        const char *string, *json;
    } rows[] = {
        {NULL, "null"},
        {"", "\"\""},
        {"null", "\"null\""},
        {"NVIDIA H100", "\"NVIDIA H100\""},
        {"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
        {"%s%n%d", "\"%s%n%d\""},
        {"\x01\t\n\r\x1f\x7f", "\"\\u0001\\u0009\\u000a\\u000d\\u001f\\u007f\""},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_json(rows[i].string, rows[i].json);
}

Test(text, json_escapes_every_control_character)
{
    for (int c = 1; c < 0x20; c++) {
        char string[2] = {(char)c, '\0'}, json[16];
        snprintf(json, sizeof json, "\"\\u%04x\"", (unsigned)c);
        assert_json(string, json);
    }
}

/* The first and the last of each length, and the neighbours of the surrogates. */
Test(text, json_keeps_valid_utf8)
{
    static const char *const strings[] = {
        "\xc2\x80",         "\xdf\xbf",         "\xe0\xa0\x80",
        "\xed\x9f\xbf",     "\xee\x80\x80",     "\xef\xbf\xbf",
        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80!",
    };
    for (size_t i = 0; i < COUNT(strings); i++) {
        char json[64];
        snprintf(json, sizeof json, "\"%s\"", strings[i]);
        assert_json(strings[i], json);
    }
}

#define BAD "\\ufffd"

Test(text, json_replaces_invalid_utf8)
{
    static const struct {
        const char *string, *json;
    } rows[] = {
        {"\x80", "\"" BAD "\""},
        {"\xbfx", "\"" BAD "x\""},
        {"\xc3", "\"" BAD "\""},
        {"\xc3(", "\"" BAD "(\""},
        {"\xc0\xaf", "\"" BAD BAD "\""},
        {"\xc1\xbf", "\"" BAD BAD "\""},
        {"\xe2\x82", "\"" BAD BAD "\""},
        {"\xe2\x82\"", "\"" BAD BAD "\\\"\""},
        {"\xe0\x9f\xbf", "\"" BAD BAD BAD "\""},
        {"\xed\xa0\x80", "\"" BAD BAD BAD "\""},
        {"\xf0\x8f\xbf\xbf", "\"" BAD BAD BAD BAD "\""},
        {"\xf4\x90\x80\x80", "\"" BAD BAD BAD BAD "\""},
        {"\xf0\x9f\x98", "\"" BAD BAD BAD "\""},
        {"\xf5\x80\x80\x80", "\"" BAD BAD BAD BAD "\""},
        {"\xff\xfe", "\"" BAD BAD "\""},
        {"a\xff\xc3\xa4", "\"a" BAD "\xc3\xa4\""},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_json(rows[i].string, rows[i].json);
}

Test(text, json_is_cut_off_too)
{
    char buffer[6];
    struct text text = text_in(buffer, sizeof buffer);
    text_json(&text, "abcdefgh");
    cr_assert_str_eq(buffer, "\"abcd");
    cr_assert(text.truncated);
}

Test(text, milliseconds)
{
    static const struct {
        long long ns;
        const char *ms;
    } rows[] = {
        {0, "0.00"},      {4000, "0.00"},   {6000, "0.01"},     {310000, "0.31"},   {999000, "1.00"},
        {1000000, "1.0"}, {8200000, "8.2"}, {9940000, "9.9"},   {9960000, "10.0"},  {10000000, "10"},
        {10400000, "10"}, {10600000, "11"}, {431000000, "431"}, {431700000, "432"}, {4840000000, "4840"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char buffer[32];
        struct text text = text_in(buffer, sizeof buffer);
        text_ms(&text, rows[i].ns);
        cr_assert_str_eq(buffer, rows[i].ms, "%lld ns is %s, not %s", rows[i].ns, buffer, rows[i].ms);
    }
}

Test(text, decimal_ms)
{
    static const struct {
        long long ns;
        int decimals;
        const char *text;
    } rows[] = {{0, 3, "0.000"},        {499, 3, "0.000"},   {500, 3, "0.001"},   {1234567, 3, "1.235"},
                {999999999, 0, "1000"}, {1049999, 1, "1.0"}, {1050000, 1, "1.1"}, {60000000000, 3, "60000.000"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char buffer[32];
        struct text text = text_in(buffer, sizeof buffer);
        text_decimal_ms(&text, rows[i].ns, rows[i].decimals);
        cr_expect_str_eq(buffer, rows[i].text, "%lld: %s", rows[i].ns, buffer);
    }
}
