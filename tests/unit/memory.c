/* SPDX-License-Identifier: MIT */
/* Reading memory that may be gone, by the kernel's copy and, where that is refused, page by page. */
#include "memory.h"
#include "../hosts/filter.h"
#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096 };

/* Two pages, of which the second is gone. */
static char *pages_make(void)
{
    char *pages = mmap(NULL, (size_t)2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + PAGE_BYTES, PAGE_BYTES);
    return pages;
}

static void check_reads(void)
{
    char *pages = pages_make(), copy[3 * PAGE_BYTES];
    strcpy(pages + PAGE_BYTES - sizeof "last", "last");
    cr_expect_eq(memory_read(pages + PAGE_BYTES - sizeof "last", copy, sizeof "last"), sizeof "last");
    cr_expect_str_eq(copy, "last");
    cr_expect_eq(memory_read(pages + PAGE_BYTES - 3, copy, 100), 3, "as far as it can be read");
    cr_expect_eq(memory_read(pages + PAGE_BYTES, copy, 1), 0, "it is gone");
    cr_expect_eq(memory_read(NULL, copy, 1), 0);
    char *large = mmap(NULL, sizeof copy, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    large[1] = large[sizeof copy - 1] = 'x';
    cr_expect_eq(memory_read(large + 1, copy, sizeof copy - 1), sizeof copy - 1, "several pages, not from their start");
    cr_expect(copy[0] == 'x' && copy[sizeof copy - 2] == 'x');
    mprotect(large, PAGE_BYTES, PROT_NONE);
    cr_expect_eq(memory_read(large + 1, copy, 8), 0, "it may not be read");
}

Test(memory, is_read_as_far_as_it_is_there)
{
    check_reads();
}

/* As under gVisor, in emulators, and in containers whose filter knows process_vm_readv(2) for a debugger's. */
Test(memory, is_read_where_the_kernel_refuses_to_copy)
{
    if (!filter_named("refuse-copy"))
        cr_skip_test("seccomp filters are not to be had here");
    check_reads();
}
