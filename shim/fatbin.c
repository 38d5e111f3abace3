/* SPDX-License-Identifier: MIT */
/* See fatbin.h. Reads with memcpy: nothing is known about what it looks at. */
#include "fatbin.h"
#include <stdint.h>
#include <string.h>

static const uint32_t WRAPPER_MAGIC = 0x466243b1, FAT_BINARY_MAGIC = 0xba55ed50;

/* struct { uint32_t magic, version; const void *data; const void *more; } */
enum { WRAPPER_BYTES = 24, WRAPPER_ALIGNMENT = 8, WRAPPER_VERSION_MAX = 16 };

/* struct { uint32_t magic; uint16_t version, header_bytes; uint64_t bytes after the header; } */
enum { FAT_HEADER_BYTES = 16 };

static uint32_t word_at(const unsigned char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* The bytes of the span that holds `address`, from there on; size 0 when none does. */
static struct span span_from(uintptr_t address, const struct span *spans, size_t span_count)
{
    for (size_t i = 0; i < span_count; i++) {
        uintptr_t start = (uintptr_t)spans[i].start;
        if (address >= start && address - start < spans[i].size)
            return (struct span){spans[i].start + (address - start), spans[i].size - (address - start)};
    }
    return (struct span){NULL, 0};
}

static bool is_wrapper(const unsigned char *at, const struct span *spans, size_t span_count)
{
    uint32_t version = word_at(at + 4);
    uintptr_t address;
    memcpy(&address, at + 8, sizeof address);
    struct span fat = span_from(address, spans, span_count);
    return version >= 1 && version <= WRAPPER_VERSION_MAX && fat.size >= FAT_HEADER_BYTES &&
           word_at(fat.start) == FAT_BINARY_MAGIC;
}

bool fatbin_present(struct span data, const struct span *spans, size_t span_count)
{
    if (data.size > FATBIN_SCAN_BYTES) {
        data.start += data.size - FATBIN_SCAN_BYTES;
        data.size = FATBIN_SCAN_BYTES;
    }
    size_t skip = -(uintptr_t)data.start % WRAPPER_ALIGNMENT;
    for (size_t i = skip; data.size >= WRAPPER_BYTES && i <= data.size - WRAPPER_BYTES; i += WRAPPER_ALIGNMENT)
        if (word_at(data.start + i) == WRAPPER_MAGIC && is_wrapper(data.start + i, spans, span_count))
            return true;
    return false;
}

/* The size of the fat binary that starts at `at`, header included, 0 when none does or its size makes no sense. */
static size_t fat_binary_size(const unsigned char *at, size_t left)
{
    uint64_t bytes;
    uint16_t header;
    if (left < FAT_HEADER_BYTES || word_at(at) != FAT_BINARY_MAGIC)
        return 0;
    memcpy(&header, at + 6, sizeof header);
    memcpy(&bytes, at + 8, sizeof bytes);
    return header >= FAT_HEADER_BYTES && bytes <= left - FAT_HEADER_BYTES && header <= left - bytes
               ? (size_t)(header + bytes)
               : 0;
}

/* How many of the first `reach` bytes of `span` come before a fat binary that starts there; its size, or 0: none. */
static size_t plain_size(struct span span, size_t reach, size_t *fat_size)
{
    static const unsigned char magic[4] = {0x50, 0xed, 0x55, 0xba};
    const unsigned char *from = span.start, *end = span.start + reach, *found;
    while ((found = memmem(from, (size_t)(end - from), magic, sizeof magic))) {
        *fat_size = fat_binary_size(found, (size_t)(span.start + span.size - found));
        if (*fat_size)
            return (size_t)(found - span.start);
        from = found + 1;
    }
    *fat_size = 0;
    return reach;
}

int fatbin_text_outside(const char *text, const struct span *spans, size_t span_count, size_t *budget)
{
    for (size_t i = 0; i < span_count; i++) {
        struct span rest = spans[i];
        while (rest.size) {
            size_t fat_size, reach = rest.size < *budget ? rest.size : *budget;
            size_t plain = plain_size(rest, reach, &fat_size);
            if (memmem(rest.start, plain, text, strlen(text)))
                return 1;
            if (!fat_size && reach < rest.size)
                return -1;
            *budget -= plain;
            rest.start += plain + fat_size;
            rest.size -= plain + fat_size;
        }
    }
    return 0;
}
