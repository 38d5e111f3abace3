/* SPDX-License-Identifier: MIT */
/* See nearest.h: optimal string alignment distance, three rows of it. */
#include "policy/nearest.h"
#include <string.h>

enum { LENGTH_MAX = 32 };

static unsigned char upper(char c)
{
    return (unsigned char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][LENGTH_MAX + 1] = {{0}};
    for (unsigned j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b_length; j++) {
            unsigned change = upper(a[i - 1]) != upper(b[j - 1]);
            row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + change);
            if (i > 1 && j > 1 && upper(a[i - 1]) == upper(b[j - 2]) && upper(a[i - 2]) == upper(b[j - 1]))
                row[j] = least(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *nearest_name(const char *word, size_t length, const char *names)
{
    const char *best = NULL;
    unsigned best_distance = (unsigned)(length + 2) / 3 + 1;
    if (length == 0 || length > LENGTH_MAX)
        return NULL;
    for (size_t name_length; (name_length = strlen(names)) > 0; names += name_length + 1) {
        unsigned edits = name_length <= LENGTH_MAX ? distance(word, length, names, name_length) : best_distance;
        if (edits < best_distance) {
            best_distance = edits;
            best = names;
        }
    }
    return best;
}
