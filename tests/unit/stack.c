/* SPDX-License-Identifier: MIT */
/* How much stack is left: what was used of it counts, and no other stack passes for the initial thread's. */
#include "base/stack.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

static void limit_to(rlim_t bytes)
{
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_STACK, &limit), 0);
    if (limit.rlim_max < bytes)
        cr_skip_test("the stack limit may not be raised here");
    limit.rlim_cur = bytes;
    cr_assert_eq(setrlimit(RLIMIT_STACK, &limit), 0);
}

/* Reaches from the stack over all that is mapped below it, on x86-64 and aarch64. */
static void limit_raise(void)
{
    limit_to((rlim_t)4 << 40);
}

/* With that much more of the stack used, and then that limit. */
__attribute__((noinline)) static size_t left_below(size_t used_bytes, rlim_t limit_bytes)
{
    volatile char *used = __builtin_alloca(used_bytes);
    memset((char *)used, 1, used_bytes);
    limit_to(limit_bytes);
    size_t left = stack_left(environ, true);
    return used[0] ? left : 0;
}

static void skip_where_emulated(void)
{
    if (getenv("GPUWARM_TEST_EMULATED"))
        cr_skip_test("the emulator keeps limits from the program");
}

Test(stack, what_was_used_is_not_left)
{
    size_t first = left_below(16, 8 * MIB), second = left_below(MIB + 16, 8 * MIB);
    cr_expect(first > 7 * MIB && first < 8 * MIB, "%zu", first);
    cr_expect(first - second >= MIB && first - second < MIB + 4 * KIB, "%zu, then %zu", first, second);
}

Test(stack, none_is_left_beyond_the_limit, .init = skip_where_emulated)
{
    left_below(2 * MIB, 8 * MIB); /* so that it has grown beyond the limit, where a call would end the test */
    cr_expect_gt(left_below(16, MIB), 512 * KIB);
    cr_expect_eq(left_below(MIB, MIB), 0);
}

Test(stack, at_the_start_the_limit_alone_is_asked, .init = skip_where_emulated)
{
    limit_to(8 * MIB);
    size_t left = stack_left_at_start(environ);
    cr_expect(left > 7 * MIB && left < 8 * MIB, "%zu", left);
    limit_to(MIB);
    cr_expect_lt(stack_left_at_start(environ), MIB);
}

/* What lies below is where the limit at exec had the kernel put it: a limit that was raised does not move it. */
Test(stack, a_limit_without_end_is_not_counted_on)
{
    limit_raise();
    size_t left = stack_left(environ, true);
    cr_expect(left > 7 * MIB && left <= 64 * MIB, "%zu", left);
    limit_to(RLIM_INFINITY);
    cr_expect_eq(stack_left(environ, true), left);
}

static ucontext_t outside, coroutine;
static size_t left_as_initial, left_as_another;

static void coroutine_run(void)
{
    left_as_initial = stack_left(environ, true);
    left_as_another = stack_left(environ, false);
}

enum { COROUTINE_BYTES = 128 * KIB, GUARD_BYTES = 64 * KIB };

/* `wanted`: where it is mapped, if that is free; NULL: where the kernel likes. */
static void expect_another_stack(void *wanted)
{
    char *pages =
        mmap(wanted, GUARD_BYTES + COROUTINE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert(pages != MAP_FAILED && (!wanted || pages == wanted), "%p", (void *)pages);
    cr_assert_eq(mprotect(pages, GUARD_BYTES, PROT_NONE), 0);
    left_as_initial = 1;
    getcontext(&coroutine);
    coroutine.uc_stack = (stack_t){.ss_sp = pages + GUARD_BYTES, .ss_size = COROUTINE_BYTES};
    coroutine.uc_link = &outside;
    makecontext(&coroutine, coroutine_run, 0);
    swapcontext(&outside, &coroutine);
    cr_expect_eq(left_as_initial, 0, "%zu", left_as_initial);
    cr_expect(left_as_another > COROUTINE_BYTES / 2 && left_as_another <= COROUTINE_BYTES, "%zu", left_as_another);
}

Test(stack, a_coroutines_is_not_the_initial_threads)
{
    limit_raise();
    expect_another_stack(NULL);
}

/* As near as the kernel lets a program map memory that asks for the place. */
Test(stack, a_coroutines_beside_the_initial_threads_is_not_its_own)
{
    uintptr_t top = (uintptr_t)environ & ~(MIB - 1);
    limit_raise();
    expect_another_stack((void *)(top - 32 * MIB)); /* NOLINT(performance-no-int-to-ptr) */
}

static void *thread_run(void *unused)
{
    left_as_another = stack_left(environ, false);
    return unused;
}

Test(stack, another_threads_is_its_own)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 128 * KIB);
    limit_raise();
    cr_assert_eq(pthread_create(&thread, &attributes, thread_run, NULL), 0);
    pthread_join(thread, NULL);
    cr_expect(left_as_another > 64 * KIB && left_as_another <= 128 * KIB, "%zu", left_as_another);
}
