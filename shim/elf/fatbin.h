/* SPDX-License-Identifier: MIT */
/*
 * Finding CUDA code in an executable. nvcc links the CUDA runtime statically by default, so a CUDA executable need not
 * link any CUDA library; but it carries a wrapper for each fat binary (section .nvFatBinSegment: the words 0x466243b1
 * and a version, then the address of the fat binary, which begins with 0xba55ed50), and hands the wrapper's address to
 * the runtime. The linker puts that section last before .bss, also in stripped files and in shared libraries (seen with
 * nvcc 13.0). Pure.
 */
#ifndef GPUWARM_FATBIN_H
#define GPUWARM_FATBIN_H

#include <stdbool.h>
#include <stddef.h>

struct span {
    const unsigned char *start;
    size_t size;
};

enum { FATBIN_SCAN_BYTES = 64 * 1024 };

/* The words of a wrapper before the address of its fat binary. */
enum { FATBIN_WRAPPER_START = 8 };

bool fatbin_wrapper_begins(const unsigned char at[FATBIN_WRAPPER_START]);

/*
 * Is there a fat binary wrapper in the last FATBIN_SCAN_BYTES of `data` whose fat binary lies in one of `spans`?
 * Memory is read only in `data` and `spans`.
 */
bool fatbin_present(struct span data, const struct span *spans, size_t span_count);

/*
 * What `search` finds in the parts of the spans outside fat binaries; NULL: nothing. Those are skipped by the size in
 * their header: device code makes up most of a large executable, and is not where a program keeps names of environment
 * variables. *unknown: more than `budget` bytes would have to be read. What was read is taken from the budget.
 */
const char *fatbin_search_outside(const char *(*search)(struct span), const struct span *spans, size_t span_count,
                                  size_t *budget, bool *unknown);

#endif
