/* SPDX-License-Identifier: MIT */
/*
 * Text built in a buffer of fixed size: log lines, complaints and the report. The library allocates no memory from the
 * program's heap, which may be another library's and not yet ready when we run.
 */
#ifndef GPUWARM_TEXT_H
#define GPUWARM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *data; /* always NUL-terminated; the caller's */
    size_t size;
    size_t length;
    bool truncated; /* something did not fit and was left out */
};

/* Empty text in `buffer` of `size` bytes, at least 1. */
struct text text_in(char *buffer, size_t size);

/* Appends as printf does. What does not fit is cut off. */
__attribute__((format(printf, 2, 3))) void text_format(struct text *text, const char *format, ...);

/* Appends a JSON string, quotes included, or null for NULL. A byte that is not part of valid UTF-8 becomes U+FFFD. */
void text_json(struct text *text, const char *string);

/* Appends nanoseconds as milliseconds with `decimals` (0 to 6) digits after the point, in any locale. */
void text_decimal_ms(struct text *text, long long ns, int decimals);

/* Appends nanoseconds as milliseconds for a reader: "0.31", "8.2", "431", "4840". */
void text_ms(struct text *text, long long ns);

/* What follows the last slash of a path, or the path. */
const char *text_base_name(const char *path);

/* The length of the UTF-8 sequence that starts here; 0 when it is not one (RFC 3629: shortest form, no surrogates). */
size_t text_utf8_length(const char *sequence);

#endif
