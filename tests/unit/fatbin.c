/* SPDX-License-Identifier: MIT */
/*
 * Finding CUDA code in an executable, on executables made by hand. Spans that must not be read beyond end in front of
 * a page that cannot be read, so a read too many is a crash.
 */
#include "elf/fatbin.h"
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WRAPPER_MAGIC = 0x466243b1, WRAPPER_BYTES = 24, FAT_HEADER_BYTES = 16 };
static const uint32_t FAT_MAGIC = 0xba55ed50;

static _Alignas(64) unsigned char data[FATBIN_SCAN_BYTES + 4096], code[8192];

static const char text[] = "CUDA_VISIBLE_DEVICES";
enum { TEXT_LENGTH = sizeof text - 1 };

static const char *text_search(struct span part)
{
    return memmem(part.start, part.size, text, TEXT_LENGTH) ? text : NULL;
}

/* 1: found, 0: not, -1: not known. */
static int text_outside(const struct span *spans, size_t span_count, size_t *budget)
{
    bool unknown = false;
    const char *found = fatbin_search_outside(text_search, spans, span_count, budget, &unknown);
    return found ? 1 : unknown ? -1 : 0;
}

static void wrapper_put(unsigned char *at, uint32_t magic, uint32_t version, const void *fat)
{
    memcpy(at, &magic, sizeof magic);
    memcpy(at + 4, &version, sizeof version);
    memcpy(at + 8, &fat, sizeof fat);
}

static void fat_put(unsigned char *at, uint16_t header_bytes, uint64_t bytes)
{
    uint16_t version = 1;
    memcpy(at, &FAT_MAGIC, sizeof FAT_MAGIC);
    memcpy(at + 4, &version, sizeof version);
    memcpy(at + 6, &header_bytes, sizeof header_bytes);
    memcpy(at + 8, &bytes, sizeof bytes);
}

static bool present(size_t start, size_t size)
{
    return fatbin_present((struct span){data + start, size}, &(struct span){code, sizeof code}, 1);
}

/* `size` readable bytes in front of a page that is not. */
static unsigned char *at_the_edge(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(pages, MAP_FAILED);
    cr_assert_eq(mprotect(pages + page, page, PROT_NONE), 0);
    cr_assert(size <= page);
    return pages + page - size;
}

Test(fatbin, wrapper_present)
{
    static const size_t places[] = {0, 8, 512, 1024 - WRAPPER_BYTES};
    fat_put(code + 128, FAT_HEADER_BYTES, 64);
    cr_assert_not(present(0, 1024), "there is none yet");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        wrapper_put(data + places[i], WRAPPER_MAGIC, 1, code + 128);
        cr_assert(present(0, 1024), "at %zu", places[i]);
        memset(data + places[i], 0, WRAPPER_BYTES);
    }
}

Test(fatbin, wrong_words)
{
    fat_put(code + 128, FAT_HEADER_BYTES, 64);
    wrapper_put(data, WRAPPER_MAGIC + 1, 1, code + 128);
    cr_assert_not(present(0, 1024), "magic");
    wrapper_put(data, WRAPPER_MAGIC, 0, code + 128);
    cr_assert_not(present(0, 1024), "version 0");
    wrapper_put(data, WRAPPER_MAGIC, 0x10000, code + 128);
    cr_assert_not(present(0, 1024), "version of no sense");
    wrapper_put(data, WRAPPER_MAGIC, 1, code + 132);
    cr_assert_not(present(0, 1024), "magic of the fat binary");
    wrapper_put(data, WRAPPER_MAGIC, 2, code + 128);
    cr_assert(present(0, 1024), "all right");
}

Test(fatbin, wrong_addresses)
{
    static const uintptr_t addresses[] = {0, 1, UINTPTR_MAX, UINTPTR_MAX - 15, (uintptr_t)1 << 47};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        wrapper_put(data, WRAPPER_MAGIC, 1, (const void *)addresses[i]);
        cr_assert_not(present(0, 1024), "%#zx", (size_t)addresses[i]);
    }
}

/* A fat binary that is there, but in no span, in front of one or behind it. */
Test(fatbin, fat_binary_outside_the_spans)
{
    struct span all = {data, 1024};
    fat_put(code + 128, FAT_HEADER_BYTES, 64);
    wrapper_put(data, WRAPPER_MAGIC, 1, code + 128);
    cr_assert_not(fatbin_present(all, NULL, 0));
    cr_assert_not(fatbin_present(all, &(struct span){code, 128}, 1), "behind the span");
    cr_assert_not(fatbin_present(all, &(struct span){code + 129, 512}, 1), "in front of it");
    cr_assert_not(fatbin_present(all, &(struct span){code, 128 + FAT_HEADER_BYTES - 1}, 1), "half in it");
    cr_assert(fatbin_present(all, &(struct span){code, 128 + FAT_HEADER_BYTES}, 1));
    cr_assert(fatbin_present(all, (struct span[]){{code, 64}, {data, 64}, {code + 128, 64}}, 3), "in the third");
}

Test(fatbin, only_the_last_bytes_are_looked_at)
{
    fat_put(code, FAT_HEADER_BYTES, 64);
    wrapper_put(data + 64, WRAPPER_MAGIC, 1, code);
    cr_assert(present(0, FATBIN_SCAN_BYTES));
    cr_assert(present(0, FATBIN_SCAN_BYTES + 64), "it begins with the last bytes");
    cr_assert_not(present(0, FATBIN_SCAN_BYTES + 72), "it begins before them");
    cr_assert_not(present(0, sizeof data), "far before them");
    wrapper_put(data + sizeof data - WRAPPER_BYTES, WRAPPER_MAGIC, 1, code);
    cr_assert(present(0, sizeof data), "at the very end");
}

/* Wrappers are aligned in memory, wherever the span begins. */
Test(fatbin, unaligned_start)
{
    fat_put(code, FAT_HEADER_BYTES, 64);
    wrapper_put(data + 64, WRAPPER_MAGIC, 1, code);
    for (size_t start = 0; start <= 64; start++)
        cr_assert(present(start, 1024), "start at %zu", start);
    for (size_t start = 65; start <= 72; start++)
        cr_assert_not(present(start, 1024), "start at %zu", start);
    memset(data, 0, 1024);
    wrapper_put(data + 68, WRAPPER_MAGIC, 1, code);
    cr_assert_not(present(0, 1024), "an unaligned wrapper is none");
}

Test(fatbin, tiny_spans)
{
    fat_put(code, FAT_HEADER_BYTES, 64);
    cr_assert_not(fatbin_present((struct span){NULL, 0}, &(struct span){code, sizeof code}, 1));
    for (size_t size = 1; size <= (size_t)2 * WRAPPER_BYTES; size++) {
        unsigned char whole[2 * WRAPPER_BYTES] = {0}, *edge = at_the_edge(size);
        size_t skip = -(uintptr_t)edge % 8;
        wrapper_put(whole + skip, WRAPPER_MAGIC, 1, code);
        memcpy(edge, whole, size);
        cr_assert_eq(fatbin_present((struct span){edge, size}, &(struct span){code, sizeof code}, 1),
                     size >= skip + WRAPPER_BYTES, "%zu bytes", size);
    }
}

Test(fatbin, half_a_fat_binary_at_the_edge)
{
    for (size_t size = 1; size <= FAT_HEADER_BYTES; size++) {
        unsigned char header[FAT_HEADER_BYTES], *edge = at_the_edge(size);
        fat_put(header, FAT_HEADER_BYTES, 0);
        memcpy(edge, header, size);
        wrapper_put(data, WRAPPER_MAGIC, 1, edge);
        cr_assert_eq(fatbin_present((struct span){data, 1024}, &(struct span){edge, size}, 1), size == FAT_HEADER_BYTES,
                     "%zu bytes", size);
        cr_assert_eq(text_outside(&(struct span){edge, size}, 1, &(size_t){1024}), 0, "%zu bytes", size);
    }
}

static int outside(size_t size, size_t budget)
{
    return text_outside(&(struct span){code, size}, 1, &budget);
}

Test(fatbin, text_found)
{
    static const size_t places[] = {0, 1, 500, 1024 - TEXT_LENGTH};
    cr_assert_eq(outside(1024, 4096), 0, "it is not there yet");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        memcpy(code + places[i], text, TEXT_LENGTH);
        cr_assert_eq(outside(1024, 4096), 1, "at %zu", places[i]);
        memset(code + places[i], 0, TEXT_LENGTH);
    }
    memcpy(code + 1024 - TEXT_LENGTH + 1, text, TEXT_LENGTH);
    cr_assert_eq(outside(1024, 4096), 0, "its last letter is outside");
    memcpy(code, text, TEXT_LENGTH - 1);
    cr_assert_eq(outside(512, 4096), 0, "its last letter is another");
}

Test(fatbin, text_in_any_span)
{
    struct span spans[3] = {{code, 512}, {code + 2048, 0}, {code + 4096, 512}};
    memcpy(code + 1024, text, TEXT_LENGTH);
    cr_assert_eq(text_outside(spans, 3, &(size_t){8192}), 0, "between the spans");
    memcpy(code + 4096 + 100, text, TEXT_LENGTH);
    cr_assert_eq(text_outside(spans, 2, &(size_t){8192}), 0);
    cr_assert_eq(text_outside(spans, 3, &(size_t){8192}), 1);
    cr_assert_eq(text_outside(NULL, 0, &(size_t){8192}), 0);
}

Test(fatbin, text_in_a_fat_binary_does_not_count)
{
    fat_put(code + 256, FAT_HEADER_BYTES, 512);
    memcpy(code + 256 + FAT_HEADER_BYTES, text, TEXT_LENGTH);
    memcpy(code + 256 + FAT_HEADER_BYTES + 512 - TEXT_LENGTH, text, TEXT_LENGTH);
    cr_assert_eq(outside(4096, 4096), 0);
    memcpy(code + 256 + FAT_HEADER_BYTES + 512, text, TEXT_LENGTH);
    cr_assert_eq(outside(4096, 4096), 1, "right behind it");
    memset(code + 256 + FAT_HEADER_BYTES + 512, 0, TEXT_LENGTH);
    memcpy(code + 256 - TEXT_LENGTH, text, TEXT_LENGTH);
    cr_assert_eq(outside(4096, 4096), 1, "right in front of it");
}

Test(fatbin, several_fat_binaries)
{
    fat_put(code, FAT_HEADER_BYTES, 240);
    fat_put(code + 256, 64, 192);
    fat_put(code + 1024, FAT_HEADER_BYTES, 512);
    memcpy(code + 100, text, TEXT_LENGTH);
    memcpy(code + 300, text, TEXT_LENGTH);
    memcpy(code + 256 + 64 + 192 - TEXT_LENGTH, text, TEXT_LENGTH);
    memcpy(code + 1100, text, TEXT_LENGTH);
    cr_assert_eq(outside(4096, 4096), 0);
    memcpy(code + 600, text, TEXT_LENGTH);
    cr_assert_eq(outside(4096, 4096), 1, "between them");
    memset(code + 600, 0, TEXT_LENGTH);
    memcpy(code + 2000, text, TEXT_LENGTH);
    cr_assert_eq(outside(4096, 4096), 1, "behind them");
}

Test(fatbin, fat_binary_to_the_end_of_the_span)
{
    fat_put(code + 1024, FAT_HEADER_BYTES, 1024 - FAT_HEADER_BYTES);
    memcpy(code + 1500, text, TEXT_LENGTH);
    cr_assert_eq(outside(2048, 4096), 0);
    cr_assert_eq(outside(2047, 4096), 1, "one that does not fit is none");
}

/* A header that makes no sense is not a fat binary, and what follows is read. */
Test(fatbin, headers_of_no_sense)
{
    static const struct {
        uint16_t header_bytes;
        uint64_t bytes;
    } rows[] = {{FAT_HEADER_BYTES, UINT64_MAX},
                {FAT_HEADER_BYTES, UINT64_MAX - 15},
                {FAT_HEADER_BYTES, 4096},
                {FAT_HEADER_BYTES, (uint64_t)1 << 63},
                {UINT16_MAX, 64},
                {0, 512},
                {FAT_HEADER_BYTES - 1, 512}};
    memcpy(code + 300, text, TEXT_LENGTH);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fat_put(code + 256, rows[i].header_bytes, rows[i].bytes);
        cr_assert_eq(outside(4096, 4096), 1, "row %zu", i);
    }
    fat_put(code + 256, FAT_HEADER_BYTES, 512);
    cr_assert_eq(outside(4096, 4096), 0, "one that makes sense");
}

Test(fatbin, magic_of_no_fat_binary_before_one)
{
    memcpy(code + 100, &FAT_MAGIC, sizeof FAT_MAGIC);
    fat_put(code + 256, FAT_HEADER_BYTES, 512);
    memcpy(code + 300, text, TEXT_LENGTH);
    cr_assert_eq(outside(4096, 4096), 0);
}

Test(fatbin, budget)
{
    cr_assert_eq(outside(1024, 1024), 0, "just enough");
    cr_assert_eq(outside(1024, 1023), -1);
    cr_assert_eq(outside(1024, 0), -1);
    cr_assert_eq(outside(0, 0), 0, "nothing to read");
    memcpy(code + 900, text, TEXT_LENGTH);
    cr_assert_eq(outside(1024, 800), -1, "it comes after what may be read");
    memcpy(code + 100, text, TEXT_LENGTH);
    cr_assert_eq(outside(1024, 800), 1, "it comes in what may be read");
}

Test(fatbin, budget_is_for_all_spans)
{
    struct span spans[2] = {{code, 512}, {code + 4096, 512}};
    cr_assert_eq(text_outside(spans, 2, &(size_t){1024}), 0);
    cr_assert_eq(text_outside(spans, 2, &(size_t){1023}), -1);
    size_t budget = 1024 + 300;
    cr_assert_eq(text_outside(spans, 2, &budget), 0);
    cr_assert_eq(budget, 300, "for what is looked through next");
}

/* What is skipped is not read: device code makes up most of a large executable. */
Test(fatbin, fat_binaries_cost_nothing)
{
    fat_put(code + 128, FAT_HEADER_BYTES, 4096 - FAT_HEADER_BYTES);
    cr_assert_eq(outside(128 + 4096 + 128, 256), 0);
    cr_assert_eq(outside(128 + 4096 + 128, 255), -1);
}
