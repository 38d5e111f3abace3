/* SPDX-License-Identifier: MIT */
/*
 * See scan.h. Pointers to volatile keep the compiler from making calls of memcmp and memcpy out of the loops.
 */
#include "base/scan.h"

typedef uint64_t word __attribute__((may_alias));

/* The bits of the byte in each of eight, and whether any of eight is 0 (Hacker's Delight, 6-1). */
#define EACH(byte)    ((byte)*UINT64_C(0x0101010101010101))
#define HAS_ZERO(all) (((all)-EACH(1)) & ~(all)&EACH(0x80))

/* In words as they are aligned, none of which is on two pages. */
const unsigned char *scan_byte(const unsigned char *from, const unsigned char *end, unsigned char byte)
{
    const uint64_t sought = EACH(byte);
    while (from < end && *from != byte) {
        if ((uintptr_t)from % sizeof(word) == 0)
            while (end - from >= (ptrdiff_t)sizeof(word) && !HAS_ZERO(*(const word *)from ^ sought))
                from += sizeof(word);
        from += from < end && *from != byte;
    }
    return from;
}

bool scan_equal(const unsigned char *bytes, const char *text, size_t size)
{
    const volatile unsigned char *at = bytes;
    while (size > 0 && *at == (unsigned char)*text)
        at++, text++, size--;
    return size == 0;
}

bool scan_has(const unsigned char *bytes, size_t size, const char *text, size_t length)
{
    const unsigned char *const end = bytes + size;
    for (; (bytes = scan_byte(bytes, end, (unsigned char)*text)) < end; bytes++)
        if ((size_t)(end - bytes) >= length && scan_equal(bytes, text, length))
            return true;
    return false;
}

void scan_copy(const void *from, void *to, size_t size)
{
    const volatile unsigned char *at = from;
    for (unsigned char *copy = to; size > 0; size--)
        *copy++ = *at++;
}
