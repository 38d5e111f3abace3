/* SPDX-License-Identifier: MIT */
/* The name that somebody probably meant. Pure. */
#ifndef GPUWARM_NEAREST_H
#define GPUWARM_NEAREST_H

#include <stddef.h>

/*
 * `names` is a list without pointers, which would have to be relocated in every process: each name with its NUL, one
 * after the other, and an empty one at the end. The one that is nearest to `word` (of `length` bytes, any case), or
 * NULL when none is near: as many edits as the word has thirds, rounded up, each an inserted, left out, changed or
 * swapped letter.
 */
const char *nearest_name(const char *word, size_t length, const char *names);

#endif
