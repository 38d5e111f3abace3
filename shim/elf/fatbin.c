/* SPDX-License-Identifier: MIT */
/* See fatbin.h. */
#include "elf/fatbin.h"
#include "base/scan.h"

static const uint32_t WRAPPER_MAGIC = 0x466243b1, FAT_BINARY_MAGIC = 0xba55ed50;

/* struct { uint32_t magic, version; const void *data; const void *more; } */
enum { WRAPPER_BYTES = 24, WRAPPER_ALIGNMENT = 8, WRAPPER_VERSION_MAX = 16 };

/* struct { uint32_t magic; uint16_t version, header_bytes; uint64_t bytes after the header; } */
enum { FAT_HEADER_BYTES = 16 };

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

bool fatbin_wrapper_begins(const unsigned char at[FATBIN_WRAPPER_START])
{
    uint32_t version = scan_word(at + 4);
    return scan_word(at) == WRAPPER_MAGIC && version >= 1 && version <= WRAPPER_VERSION_MAX;
}

static bool is_wrapper(const unsigned char *at, const struct span *spans, size_t span_count)
{
    uintptr_t address;
    scan_copy(at + FATBIN_WRAPPER_START, &address, sizeof address);
    struct span fat = span_from(address, spans, span_count);
    return fatbin_wrapper_begins(at) && fat.size >= FAT_HEADER_BYTES && scan_word(fat.start) == FAT_BINARY_MAGIC;
}

bool fatbin_present(struct span data, const struct span *spans, size_t span_count)
{
    if (data.size > FATBIN_SCAN_BYTES) {
        data.start += data.size - FATBIN_SCAN_BYTES;
        data.size = FATBIN_SCAN_BYTES;
    }
    size_t skip = -(uintptr_t)data.start % WRAPPER_ALIGNMENT;
    for (size_t i = skip; data.size >= WRAPPER_BYTES && i <= data.size - WRAPPER_BYTES; i += WRAPPER_ALIGNMENT)
        if (scan_word(data.start + i) == WRAPPER_MAGIC && is_wrapper(data.start + i, spans, span_count))
            return true;
    return false;
}

/* The size of the fat binary that starts at `at`, header included, 0 when none does or its size makes no sense. */
static size_t fat_binary_size(const unsigned char *at, size_t left)
{
    uint64_t bytes;
    uint16_t header;
    if (left < FAT_HEADER_BYTES || scan_word(at) != FAT_BINARY_MAGIC)
        return 0;
    scan_copy(at + 6, &header, sizeof header);
    scan_copy(at + 8, &bytes, sizeof bytes);
    return header >= FAT_HEADER_BYTES && bytes <= left - FAT_HEADER_BYTES && header <= left - bytes
               ? (size_t)(header + bytes)
               : 0;
}

/*
 * How many of the first `reach` bytes of `span` come before a fat binary that starts there; its size, or 0: none.
 * Looked for by the byte of its first word that is rare in code.
 */
static size_t plain_size(struct span span, size_t reach, size_t *fat_size)
{
    enum { RARE = 0xed, RARE_AT = 1 };
    const unsigned char *const end = span.start + span.size, *at = span.start + RARE_AT;
    for (; (at = scan_byte(at, span.start + reach, RARE)) < span.start + reach; at++) {
        *fat_size = fat_binary_size(at - RARE_AT, (size_t)(end - at) + RARE_AT);
        if (*fat_size)
            return (size_t)(at - RARE_AT - span.start);
    }
    *fat_size = 0;
    return reach;
}

const char *fatbin_search_outside(const char *(*search)(struct span), const struct span *spans, size_t span_count,
                                  size_t *budget, bool *unknown)
{
    const char *found = NULL;
    for (size_t i = 0; i < span_count && !found; i++) {
        struct span rest = spans[i];
        while (rest.size && !found) {
            size_t fat_size, reach = rest.size < *budget ? rest.size : *budget;
            size_t plain = plain_size(rest, reach, &fat_size);
            found = search((struct span){rest.start, plain});
            if (!found && !fat_size && reach < rest.size) {
                *unknown = true;
                return NULL;
            }
            *budget -= plain;
            rest.start += plain + fat_size;
            rest.size -= plain + fat_size;
        }
    }
    return found;
}
