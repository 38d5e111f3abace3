/* SPDX-License-Identifier: MIT */
/*
 * The program's own bytes, read as they stand. Not by functions of the C library: AddressSanitizer replaces memchr,
 * memcpy and their like by ones that end the process where it reads between two variables. Pure.
 */
#ifndef GPUWARM_SCAN_H
#define GPUWARM_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the byte is first, from `from` on and before `end`; `end` where it is not. */
const unsigned char *scan_byte(const unsigned char *from, const unsigned char *end, unsigned char byte);

bool scan_equal(const unsigned char *bytes, const char *text, size_t size);

/* Are these letters in the bytes? */
bool scan_has(const unsigned char *bytes, size_t size, const char *text, size_t length);

void scan_copy(const void *from, void *to, size_t size);

/* Of 32 bits, at any address. */
static inline uint32_t scan_word(const unsigned char *at)
{
    return ((const struct { uint32_t word; } __attribute__((packed, may_alias)) *)at)->word;
}

#endif
