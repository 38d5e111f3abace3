/* SPDX-License-Identifier: MIT */
/*
 * Numbers in text: what files in /proc and reports hold. Not strtoull and its like: headers of glibc 2.38 and newer
 * turn those into other functions, which an older glibc lacks, and a library that asks for one ends every program
 * there.
 */
#ifndef GPUWARM_NUMBER_H
#define GPUWARM_NUMBER_H

/*
 * The number whose digits begin at `text`, in base 10 or 16; either case, no sign, no blanks, no "0x". 0 when there is
 * no digit, ULLONG_MAX when it is larger than that. *end (`end` may be NULL) is what follows the digits, also too many
 * of them, and `text` itself when there are none.
 */
unsigned long long number_read(const char *text, unsigned base, const char **end);

#endif
