/* SPDX-License-Identifier: MIT */
/* See text.h. Pure: no system calls, no state. */
#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text text_in(char *buffer, size_t size)
{
    buffer[0] = '\0';
    return (struct text){.data = buffer, .size = size};
}

void text_format(struct text *text, const char *format, ...)
{
    size_t room = text->size - text->length;
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text->data + text->length, room, format, arguments);
    va_end(arguments);
    if (wanted < 0 || (size_t)wanted >= room) {
        text->truncated = true;
        text->length = text->size - 1;
    } else {
        text->length += (size_t)wanted;
    }
}

size_t text_utf8_length(const char *sequence)
{
    const unsigned char *c = (const unsigned char *)sequence;
    size_t length = c[0] < 0x80                    ? 1
                    : c[0] >= 0xc2 && c[0] <= 0xdf ? 2
                    : (c[0] & 0xf0) == 0xe0        ? 3
                    : c[0] >= 0xf0 && c[0] <= 0xf4 ? 4
                                                   : 0;
    for (size_t i = 1; i < length; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) || (c[0] == 0xf0 && c[1] < 0x90) ||
        (c[0] == 0xf4 && c[1] > 0x8f))
        return 0;
    return length;
}

void text_json(struct text *text, const char *string)
{
    if (!string) {
        text_format(text, "null");
        return;
    }
    text_format(text, "\"");
    for (const unsigned char *c = (const unsigned char *)string; *c;) {
        size_t length = text_utf8_length((const char *)c);
        if (length == 0)
            text_format(text, "\\ufffd");
        else if (*c == '"' || *c == '\\')
            text_format(text, "\\%c", *c);
        else if (*c < 0x20 || *c == 0x7f)
            text_format(text, "\\u%04x", *c);
        else
            text_format(text, "%.*s", (int)length, (const char *)c);
        c += length ? length : 1;
    }
    text_format(text, "\"");
}

void text_decimal_ms(struct text *text, long long ns, int decimals)
{
    long long unit = 1000000; /* nanoseconds in the last digit */
    for (int i = 0; i < decimals; i++)
        unit /= 10;
    long long rounded = (ns + unit / 2) / unit, whole = 1000000 / unit;
    text_format(text, "%lld", rounded / whole);
    if (decimals)
        text_format(text, ".%0*lld", decimals, rounded % whole);
}

void text_ms(struct text *text, long long ns)
{
    text_decimal_ms(text, ns, ns < 1000000 ? 2 : ns < 10000000 ? 1 : 0);
}

const char *text_base_name(const char *path)
{
    const char *base = path;
    for (; *path; path++)
        if (*path == '/')
            base = path + 1;
    return base;
}
