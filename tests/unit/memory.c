/* SPDX-License-Identifier: MIT */
/* Memory that may not be there: what of it can be read is told without reading it, and copied. */
#include "base/memory.h"
#include "../hosts/filter.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/* Two pages that can be read, then two that cannot. */
static char *pages_made(size_t page)
{
    char *pages = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(pages, MAP_FAILED);
    cr_assert_eq(mprotect(pages + 2 * page, page, PROT_NONE), 0);
    cr_assert_eq(munmap(pages + 3 * page, page), 0);
    return pages;
}

Test(memory, up_to_a_page_that_cannot_be_read)
{
    size_t page = (size_t)getpagesize();
    char *pages = pages_made(page), *end = pages + 2 * page;
    cr_expect_eq(memory_readable(pages, 2 * page), 2 * page);
    cr_expect_eq(memory_readable(pages, SIZE_MAX), 2 * page);
    cr_expect_eq(memory_readable(pages + page - 4, 8), 8, "on two pages");
    for (size_t bytes = 1; bytes <= 9; bytes++) {
        cr_expect_eq(memory_readable(end - bytes, bytes), bytes);
        cr_expect_eq(memory_readable(end - bytes, 128), bytes);
    }
    cr_expect_eq(memory_readable(end, 8), 0, "not to be read");
    cr_expect_eq(memory_readable(end + page, 8), 0, "not there");
    cr_expect_eq(memory_readable(pages, 0), 0);
}

Test(memory, not_the_first_page_nor_the_kernels)
{
    static const uintptr_t nowhere[] = {0, 1, 7, 8, 4095, (uintptr_t)1 << 63, UINTPTR_MAX - 7, UINTPTR_MAX};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
        cr_expect_eq(memory_readable((void *)nowhere[i], 8), 0, "%zu", i); /* NOLINT(performance-no-int-to-ptr) */
}

/* Asked about or not. */
Test(memory, the_stack)
{
    char own[64] = "";
    cr_expect_eq(memory_readable(own, sizeof own), sizeof own);
    memory_begin(environ);
    cr_expect_eq(memory_readable(own, sizeof own), sizeof own);
    cr_expect_eq(memory_readable(own, SIZE_MAX), memory_readable(own, SIZE_MAX / 2), "not beyond its top");
}

static ucontext_t outside, coroutine;
static char *above;
static size_t readable_above = 1;

static void coroutine_run(void)
{
    readable_above = memory_readable(above, 8);
}

/* Between a coroutine's and the arguments there is much that cannot be read. */
Test(memory, from_a_stack_elsewhere)
{
    enum { STACK_BYTES = 64 * 1024 };
    char *stack = mmap(NULL, (size_t)2 * STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    above = stack + STACK_BYTES;
    cr_assert_eq(mprotect(above, STACK_BYTES, PROT_NONE), 0);
    memory_begin(environ);
    getcontext(&coroutine);
    coroutine.uc_stack = (stack_t){.ss_sp = stack, .ss_size = STACK_BYTES};
    coroutine.uc_link = &outside;
    makecontext(&coroutine, coroutine_run, 0);
    swapcontext(&outside, &coroutine);
    cr_expect_eq(readable_above, 0);
}

Test(memory, no_signal_is_blocked_or_let_in)
{
    static sigset_t all;
    sigset_t before, after;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, NULL, &before);
    cr_expect_eq(memory_readable(&all, sizeof all), sizeof all);
    sigprocmask(SIG_BLOCK, NULL, &after);
    for (int signal = 1; signal < 65; signal++)
        cr_expect_eq(sigismember(&before, signal), sigismember(&after, signal), "%d", signal);
}

static void check_copies(void)
{
    size_t page = (size_t)getpagesize();
    char *pages = pages_made(page), *end = pages + 2 * page, copy[512];
    strcpy(end - sizeof "last", "last");
    cr_expect_eq(memory_read(end - sizeof "last", copy, sizeof "last"), sizeof "last");
    cr_expect_str_eq(copy, "last");
    cr_expect_eq(memory_read(end - 3, copy, sizeof copy), 3, "as far as it can be read");
    cr_expect_eq(memory_read(end, copy, 1), 0, "not to be read");
    cr_expect_eq(memory_read(end + page, copy, 1), 0, "not there");
    cr_expect_eq(memory_read(NULL, copy, 1), 0);
    pages[page - 1] = pages[page + 1] = 'x';
    cr_expect_eq(memory_read(pages + page - 1, copy, 3), 3, "on two pages");
    cr_expect(copy[0] == 'x' && copy[2] == 'x');
}

Test(memory, is_copied_as_far_as_it_is_there)
{
    check_copies();
}

/* As under gVisor, in emulators, and in containers whose filter takes process_vm_readv(2) for a debugger's. */
Test(memory, is_copied_where_the_kernel_refuses_to)
{
    if (!filter_named("refuse-copy"))
        cr_skip_test("seccomp filters are not to be had here");
    check_copies();
}
