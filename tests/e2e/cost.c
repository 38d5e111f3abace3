/* SPDX-License-Identifier: MIT */
/*
 * What the hooks cost a program, counted and not timed: system calls and instructions of a loop of one call, with and
 * without the library (tests/hosts/loops.c). `make bench` shows the same as a table.
 */
#include "run.h"
#include "trace.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

TestSuite(cost, .init = run_setup, .fini = run_teardown);

enum { TIMES = 50 };
#define TIMES_TEXT "50"

/* What the loop did; the program must end as it should. */
static long counted(enum preload preload, enum trace what, const char *const *words)
{
    const char *argv[8] = {run_host("loops"), words[0], TIMES_TEXT};
    int status, null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    for (int i = 1; words[i]; i++)
        argv[i + 2] = words[i];
    pid_t program = fork();
    if (program == 0) {
        trace_me();
        run_exec(preload, argv, NULL, null, null);
    }
    long count = trace_count(program, what, &status);
    close(null);
    if (status == TRACE_REFUSED)
        cr_skip_test("no program may be traced here (ptrace)");
    cr_assert_eq(status, 5, "%s: %d", words[0], status);
    return count;
}

/* How much more the library makes of `what` in the loop. */
static long added(enum trace what, const char *const *words)
{
    if (run_emulated())
        cr_skip_test("the emulator traces nothing");
    long without = counted(PLAIN, what, words), with = counted(PRELOADED, what, words);
    cr_assert_geq(without, TIMES, "the loop itself is counted");
    return with - without;
}

static const char *const calls[] = {"poll",      "ppoll",      "select", "pselect",
                                    "epoll_ctl", "epoll_wait", "accept", "accept4"};
enum { CALLS = sizeof calls / sizeof *calls, WAITS = 6 /* the first ones: what waits for anything */ };

static void expect_no_system_call(int count, const char *one, const char *two)
{
    for (int i = 0; i < count; i++)
        cr_expect_eq(added(TRACE_SYSTEM_CALLS, LIST(calls[i], one, one ? two : NULL)), 0, "%s", calls[i]);
}

Test(cost, no_system_call_where_nothing_listened)
{
    expect_no_system_call(CALLS, NULL, NULL);
}

Test(cost, no_system_call_where_nothing_listened_and_cuda_is_loaded)
{
    expect_no_system_call(WAITS, "cuda", NULL);
}

/* The driver listens itself, on a local socket. */
Test(cost, no_system_call_where_the_program_has_initialised_cuda_and_serves_nobody)
{
    expect_no_system_call(WAITS, "init", NULL);
}

Test(cost, no_system_call_in_a_server_without_cuda)
{
    expect_no_system_call(CALLS, "listens", NULL);
}

Test(cost, no_system_call_once_decided)
{
    expect_no_system_call(CALLS, "init", "serves");
}

/*
 * The kernel is asked of each descriptor whether it listens, which is all. What is in an epoll set it is asked at the
 * first wait, the second, the fourth and so on: less than one system call a wait.
 */
Test(cost, one_system_call_where_a_server_with_cuda_is_undecided)
{
    for (int i = 0; i < CALLS; i++) {
        bool is_set = strcmp(calls[i], "epoll_wait") == 0;
        long asked = added(TRACE_SYSTEM_CALLS, LIST(calls[i], "cuda", "listens"));
        cr_expect(is_set ? asked > 0 && asked < TIMES : asked == TIMES, "%s: %ld", calls[i], asked);
    }
}

/* The kernel copies it, since it need not be there: of local variables, as above, that is known. */
Test(cost, two_system_calls_more_where_what_is_waited_for_is_not_on_the_stack)
{
    enum { SETS = 4 }; /* the first ones: what takes a set from the program */
    for (int i = 0; i < SETS; i++)
        cr_expect_eq(added(TRACE_SYSTEM_CALLS, LIST(calls[i], "cuda", "listens", "static")), 3L * TIMES, "%s",
                     calls[i]);
    for (int i = 0; i < SETS; i++)
        cr_expect_eq(added(TRACE_SYSTEM_CALLS, LIST(calls[i], "listens", "static")), 0, "%s without CUDA", calls[i]);
}

/*
 * A service beside a local socket, say, waits for ever without being one that counts. Once thousands of descriptors
 * were asked about, only the waits are looked at whose number is a power of two, which none of these is.
 */
Test(cost, no_system_call_where_a_server_with_cuda_has_long_waited_for_other_things)
{
    enum { SETS = 4 };
    for (int i = 0; i < SETS; i++) {
        long asked = added(TRACE_SYSTEM_CALLS, LIST(calls[i], "cuda", "listens", "long"));
        cr_expect_eq(asked, 0, "%s: %ld", calls[i], asked);
    }
}

Test(cost, a_server_that_listens_after_it_has_long_waited_is_found_at_its_first_wait)
{
    added(TRACE_SYSTEM_CALLS, LIST("poll", "cuda", "listens", "long", "again"));
    cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", "name=gpuwarm_kernel"), 1);
}

/* What was loaded is read by way of the kernel, since another thread could unload it: and only what is new. */
Test(cost, two_system_calls_in_a_server_without_cuda_that_has_threads_and_has_loaded_a_library)
{
    for (int i = 0; i < CALLS; i++) {
        bool fills = strcmp(calls[i], "epoll_ctl") == 0, accepts = strncmp(calls[i], "accept", 6) == 0;
        long asked = added(TRACE_SYSTEM_CALLS, LIST(calls[i], "thread", "library", "listens"));
        long most = 2L * (accepts ? TIMES / 16 + 1 : TIMES);
        cr_expect(asked > 0 && asked <= most, "%s: %ld of %ld%s", calls[i], asked, most, fills ? ", added" : "");
        if (!__GLIBC_PREREQ(2, 32))
            continue;
        cr_expect_eq(added(TRACE_SYSTEM_CALLS, LIST(calls[i], "library", "listens")), 0, "%s: one thread", calls[i]);
    }
}

/* On x86-64 and aarch64, with gcc and clang: the address, the jump, and what comes between. */
enum { JUMP_INSTRUCTIONS = 5 };

/* Instrumented, or compiled without optimisation, a jump is more than that. */
#if defined GPUWARM_INSTRUMENTED || !defined __OPTIMIZE__
#define SKIP_INSTRUCTIONS() cr_skip_test("instructions are those of an optimised library")
#else
#define SKIP_INSTRUCTIONS() (void)0
#endif

/* The loop makes a call TIMES times; epoll_ctl twice as often. */
static void expect_a_jump(int count, const char *one, const char *two)
{
    SKIP_INSTRUCTIONS();
    for (int i = 0; i < count; i++) {
        long instructions = added(TRACE_INSTRUCTIONS, LIST(calls[i], one, one ? two : NULL));
        long jumps = TIMES * (strcmp(calls[i], "epoll_ctl") == 0 ? 2L : 1L);
        cr_expect_leq(instructions, jumps * JUMP_INSTRUCTIONS, "%s: %ld", calls[i], instructions);
        cr_expect_geq(instructions, jumps, "%s: %ld", calls[i], instructions);
    }
}

Test(cost, a_jump_where_nothing_listened)
{
    expect_a_jump(WAITS, NULL, NULL);
}

Test(cost, a_jump_where_nothing_listened_and_cuda_is_loaded)
{
    expect_a_jump(WAITS, "cuda", NULL);
}

Test(cost, a_jump_once_decided)
{
    expect_a_jump(CALLS, "init", "serves");
}

/* A server without CUDA is not looked at each time once it has accepted; what it loads then is still found. */
Test(cost, a_server_that_loads_cuda_late_is_found_within_sixteen_waits)
{
    added(TRACE_SYSTEM_CALLS, LIST("accept", "listens", "late"));
    cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", "name=gpuwarm_kernel"), 1);
}
