/* SPDX-License-Identifier: MIT */
/* The name that somebody probably meant. Pure. */
#ifndef GPUWARM_NEAREST_H
#define GPUWARM_NEAREST_H

#include <stddef.h>

/*
 * The one of `count` names that is nearest to `word` (of `length` bytes, any case), or NULL when none is near: as
 * many edits as the word has thirds, rounded up, each an inserted, left out, changed or swapped letter.
 */
const char *nearest_name(const char *word, size_t length, const char *const *names, size_t count);

#endif
