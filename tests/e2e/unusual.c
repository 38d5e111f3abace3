/* SPDX-License-Identifier: MIT */
/*
 * Servers that do what few do, and may (tests/hosts/unusual.c): each does the same with the library and without. Most
 * of them are not warmed at that point, since it would change what they do.
 */
#include "run.h"
#include <criterion/criterion.h>

TestSuite(unusual, .init = run_setup, .fini = run_teardown);

/* The same both ways, with this output; and how often it was warmed. */
static void expect_same(const char *way, const char *const *settings, const char *out, size_t warmed)
{
    const char *const *argv = LIST(run_host("unusual"), way);
    struct run without = run_program(PLAIN, argv, settings);
    cr_expect_eq(without.status, 4, "%d, %s", without.status, without.err);
    cr_expect_str_eq(without.out, out, "%s", without.out);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, settings);
    cr_expect_eq(with.status, 4, "%d", with.status);
    cr_expect_str_eq(with.out, out, "%s", with.out);
    cr_expect_str_empty(with.err, "%s", with.err);
    cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", "name=gpuwarm_kernel"), warmed);
}

#define LATE "SIMCUDA_LATENCY_MS=cuInit=300"

/* A health check, say, beside which the program is still to begin. */
Test(unusual, a_side_thread_serves_before_the_program_forks)
{
    expect_same("side-forks", NULL, "worker: cuInit 0, devices 1\n0 children ended by a signal\n", 0);
}

Test(unusual, a_side_thread_serves_before_the_program_chooses_its_gpu)
{
    expect_same("side-chooses", LIST("SIMCUDA_DEVICES=2"), "chosen: cuInit 0, devices 1\n", 0);
}

/* The library that listens is not the one that waits: libevent, say, does that for Open MPI. */
Test(unusual, a_transport_listens_before_the_program_chooses_its_gpu)
{
    expect_same("transport", LIST("SIMCUDA_DEVICES=2"), "chosen: cuInit 0, devices 1\n", 0);
    expect_same("provider", LIST("SIMCUDA_DEVICES=2"), "chosen: cuInit 0, devices 1\n", 0);
}

Test(unusual, a_set_smaller_than_the_count_that_is_passed_with_it)
{
    if (run_emulated())
        cr_skip_test("the emulator reads the whole set");
    expect_same("large-set", NULL, "larger: 1\nwritten 1, selected 1\n", 0);
}

/* 32 bytes, with the count of all descriptors that the program may have. */
Test(unusual, a_set_as_large_as_the_kernels_table)
{
    if (run_emulated())
        cr_skip_test("the emulator reads the whole set");
    expect_same("short-set", NULL, "written 1, selected 1\n", 0);
}

/* Where the kernel says EFAULT it is no fault of ours. */
Test(unusual, memory_that_cannot_be_read)
{
    const char *out = "poll: -1, Bad address\n"
                      "poll, half: -1, Bad address\n"
                      "ppoll: -1, Bad address\n"
                      "select: -1, Bad address\n"
                      "pselect: -1, Bad address\n"
                      "select, first page: -1, Bad address\n"
                      "ppoll, mask: -1, Bad address\n"
                      "pselect, mask: -1, Bad address\n"
                      "epoll_pwait, mask: -1, Bad address\n";
    expect_same("unreadable", NULL, out, 0);
    expect_same("unreadable", LIST("GPUWARM_TRIGGER=serve"), out, 0);
}

/* Neither a warm-up nor a word about it has room there. */
Test(unusual, a_coroutine_on_the_heap_waits)
{
    const char *report = run_env("GPUWARM_REPORT=%s", run_scratch("report"));
    expect_same("coroutine", NULL, "changed: 0\n", 0);
    expect_same("coroutine", LIST("GPUWARM_STAGES=all", "GPUWARM_LOG_FILE=/dev/null", "GPUWARM_LOG=info", report),
                "changed: 0\n", 0);
}

/* Then all that is mapped is within the limit below the top of the initial thread's stack. */
Test(unusual, a_coroutine_waits_under_a_stack_limit_that_was_raised)
{
    const char *report = run_env("GPUWARM_REPORT=%s", run_scratch("report"));
    expect_same("coroutine-limit", NULL, "changed: 0\n", 0);
    expect_same("coroutine-limit", LIST("GPUWARM_STAGES=all", "GPUWARM_LOG_FILE=/dev/null", "GPUWARM_LOG=info", report),
                "changed: 0\n", 0);
    expect_same("coroutine-limit", LIST("GPUWARM_TRIGGER=serve"), "changed: 0\n", 0);
}

Test(unusual, a_stack_that_is_nearly_used_up)
{
    if (run_emulated())
        cr_skip_test("the emulator keeps limits from the program");
    expect_same("deep", LIST(run_env("GPUWARM_REPORT=%s", run_scratch("report"))), "used: 2\n", 0);
    cr_expect_str_eq(report_text(report_read(run_scratch("report")), "reason"), "too little stack is left");
}

Test(unusual, a_socket_that_does_not_wait_is_not_interrupted)
{
    expect_same("nonblocking", LIST(LATE), "", 1);
}

Test(unusual, a_handler_accepts_and_a_thread_that_listens_blocks_all_signals)
{
    expect_same("handler", NULL, "accepted: 1\n", 0);
}

Test(unusual, the_standard_input_is_opened_while_it_warms)
{
    expect_same("standard", LIST(LATE), "0 is open: 1\n", 1);
}

Test(unusual, a_worker_looks_at_its_socket_in_a_child_of_vfork)
{
    expect_same("vfork", NULL, "worker: cuInit 0, devices 1\n0 children ended by a signal\n", 0);
    expect_same("vfork-daemon", NULL, "worker: cuInit 0, devices 1\n0 children ended by a signal\n", 0);
}

Test(unusual, children_are_forked_while_the_list_of_objects_is_locked)
{
    expect_same("forks-in-list", NULL, "0 children ended by a signal\n", 0);
    expect_same("forks-in-list", LIST("GPUWARM_TRIGGER=fork"), "0 children ended by a signal\n", 0);
}

Test(unusual, children_accept_that_were_forked_while_it_is_locked)
{
    expect_same("accepts-in-list", NULL, "0 children ended by a signal\n", 0);
    expect_same("accepts-in-list", LIST("GPUWARM_TRIGGER=load", "GPUWARM_LOG=off"), "0 children ended by a signal\n",
                1);
}

Test(unusual, fork_waits_for_what_is_waited_for_in_the_list_of_objects)
{
    expect_same("fork-handlers", NULL, "forked\n", 0);
}

/* Where the lock may be held for ever the list is read without it. */
Test(unusual, a_worker_of_a_process_with_threads_loads_cuda_itself)
{
    if (run_emulated())
        cr_skip_test("the emulator has no process_vm_readv");
    expect_same("worker-loads", NULL, "worker: cuInit 0, devices 1\n0 children ended by a signal\n", 1);
}

Test(unusual, a_thread_is_waited_for_in_the_list_of_objects)
{
    expect_same("list-waits", NULL, "answered: 20\n", 0);
}

/* What was not initialised fails in no child and comes too late for nothing. */
Test(unusual, a_machine_without_a_driver_is_told_nothing)
{
    expect_same("forks-late", LIST(run_env("LD_LIBRARY_PATH=%s", run_build("standins"))),
                "0 children ended by a signal\n", 0);
}
