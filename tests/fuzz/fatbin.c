/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: bytes of an executable. The first eight of the input say where a wrapper and a fat binary are put into
 * the rest and what the wrapper points to, since no mutation would find the magic numbers and an address. Memory
 * outside the bytes must not be read, and what is found must be there.
 */
#include "elf/variable.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PLAN_BYTES = 8 };

static void word_put(unsigned char *bytes, size_t size, size_t at, const void *value, size_t length)
{
    if (at <= size && length <= size - at)
        memcpy(bytes + at, value, length);
}

static void plan_apply(const uint8_t *plan, unsigned char *bytes, size_t size)
{
    static const uint32_t wrapper = 0x466243b1, fat = 0xba55ed50;
    size_t wrapper_at = (size_t)plan[0] * 8, fat_at = (size_t)plan[1] * 4;
    const unsigned char *target = bytes + fat_at + (plan[2] & 1 ? size : 0) - (plan[2] & 2 ? 16 : 0);
    if (plan[3] & 1)
        word_put(bytes, size, fat_at, &fat, sizeof fat);
    if (plan[3] & 2) {
        word_put(bytes, size, wrapper_at, &wrapper, sizeof wrapper);
        word_put(bytes, size, wrapper_at + 8, &target, sizeof target);
    }
}

static const char *find(struct span part)
{
    return memmem(part.start, part.size, "AB", 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < PLAN_BYTES)
        return 0;
    const uint8_t *plan = data;
    size -= PLAN_BYTES;
    unsigned char *bytes = malloc(size ? size : 1);
    if (!bytes)
        abort();
    memcpy(bytes, data + PLAN_BYTES, size);
    plan_apply(plan, bytes, size);
    size_t cut = size ? plan[4] * size / 256 : 0, start = plan[5] % (size + 1);
    const struct span spans[2] = {{bytes, cut}, {bytes + cut, size - cut}};
    if (fatbin_present((struct span){bytes + start, size - start}, spans, 2) &&
        !memmem(bytes, size, "\xb1\x43\x62\x46", 4))
        abort();
    bool unknown = false;
    if (fatbin_search_outside(find, spans, 2, &(size_t){(size_t)plan[6] * plan[7]}, &unknown) &&
        !memmem(bytes, size, "AB", 2))
        abort();
    /* With room for all there is an answer; skipping fat binaries can only hide the text, not make it appear. */
    unknown = false;
    fatbin_search_outside(find, spans, 2, &size, &unknown);
    if (unknown)
        abort();
    variable_named((struct span){bytes, cut});
    free(bytes);
    return 0;
}
