/* SPDX-License-Identifier: MIT */
/*
 * Trigger serve and trigger fork on small programs: which moment of which process is taken, that it comes before the
 * connection is accepted, that it comes once, and that the calls which it comes in give what they give without us.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(serve, .init = run_setup, .fini = run_teardown);

static size_t warm_ups(const struct journal *journal)
{
    return journal_calls(journal, "cuLaunchKernel", "name=gpuwarm_kernel");
}

/* Runs the server with and without the library; it must do the same. How often it was warmed. */
static size_t served(const char *const *argv, const char *const *environment)
{
    struct run without = run_program(PLAIN, argv, environment);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, environment);
    cr_assert_eq(without.status, 4, "%s", without.err);
    cr_expect_eq(with.status, without.status, "%d", with.status);
    cr_expect_str_eq(with.out, without.out);
    return warm_ups(journal_read());
}

static const char *const *server(const char *way, const char *one, const char *two)
{
    const char **argv = calloc(6, sizeof *argv);
    argv[0] = run_host("serves");
    argv[1] = way;
    argv[2] = one;
    argv[3] = one ? two : NULL;
    return argv;
}

/* One that nvcc built with the static runtime, opened by a program that knows no CUDA: with other threads and without.
 */
Test(serve, a_library_that_carries_a_fat_binary)
{
    const char *open = run_env("open:%s", run_host("libkernels.so")), *report = run_scratch("report");
    for (const char *const *first = LIST("pipe", "thread"); *first; first++) {
        const char *const *argv = LIST(run_host("steps"), *first, "listen", open, "wait:poll", "accept");
        struct run run = run_program(PRELOADED, argv, LIST(run_env("GPUWARM_REPORT=%s", report)));
        cr_expect_eq(run.status, 5, "%s", run.err);
        cr_expect_str_eq(report_text(report_read(report), "result"), "warm", "%s", *first);
        cr_expect_not_null(strstr(report_text(report_read(report), "reason"), "with libkernels.so"));
    }
}

/* A library that was opened leads to another driver than ours: that is waited for. */
Test(serve, a_library_with_a_driver_of_its_own)
{
    const char *library = run_scratch("libopens.so"), *report = run_scratch("report"), *own = run_scratch("own");
    cr_assert_eq(mkdir(own, 0700), 0);
    cr_assert_eq(run_program(PLAIN, LIST("/bin/cp", run_host("libopens.so"), library), NULL).status, 0);
    cr_assert_eq(run_program(PLAIN, LIST("/bin/cp", run_build("simcuda/libcuda.so.1"), own), NULL).status, 0);
    for (const char *const *first = LIST("pipe", "thread"); *first; first++) {
        const char *argv[32] = {run_host("steps"),           *first,      "listen",
                                run_env("open:%s", library), "wait:poll", run_env("driver:%s", library)};
        struct run run = run_program(PRELOADED, argv, LIST(run_env("GPUWARM_REPORT=%s", report)));
        cr_expect_not_null(strstr(run.out, run_env("\ndriver %s: 1\n", library)), "%s", run.out);
        cr_expect_str_eq(report_text(report_read(report), "result"), "skipped", "%s", *first);
        cr_expect_not_null(strstr(report_text(report_read(report), "detail"), "leads to another driver"));
        const char *said = "\"reason\": \"a RUNPATH or RPATH leads to another driver";
        run = run_program(PRELOADED, argv, LIST("GPUWARM_REPORT=/dev/stderr"));
        cr_expect_not_null(strstr(run.err, said), "not `waiting` while it serves: %s", run.err);
        for (int i = 6; i < 24; i++)
            argv[i] = "wait:poll";
        run_program(PRELOADED, argv, LIST(run_env("GPUWARM_REPORT=%s", report)));
        cr_expect_str_eq(report_text(report_read(report), "result"), "warm", "%s: with that driver", *first);
    }
}

Test(serve, every_way_to_wait)
{
    for (const char *const *way = run_ways(); *way; way++) {
        const char *const *settings = LIST(run_env("GPUWARM_REPORT=%s", run_scratch("report")));
        cr_expect_eq(served(server(*way, "cuda", NULL), settings), 1, "%s", *way);
        cJSON *report = report_read(run_scratch("report"));
        cr_expect_str_eq(report_text(report, "trigger"), "serve");
        cr_expect_str_eq(report_text(report, "result"), "warm");
        cr_expect_str_eq(report_text(report, "reason"), "it came to wait for connections, with libcuda.so.1");
    }
}

Test(serve, the_call_that_it_comes_in_is_not_seen_to_take_part)
{
    struct run run = run_program(PRELOADED, server("poll", "cuda", NULL), LIST("SIMCUDA_LATENCY_MS=cuInit=100"));
    cr_expect_str_eq(run.out, "poll: ready 1, errno 77, got 1 x\n");
    cr_expect_str_empty(run.err);
}

Test(serve, no_cuda_no_warm_up)
{
    for (const char *const *way = run_ways(); *way; way++)
        cr_expect_eq(served(server(*way, NULL, NULL), NULL), 0, "%s", *way);
}

Test(serve, local_sockets_and_side_threads_are_not_the_service)
{
    for (const char *const *way = run_ways(); *way; way++) {
        cr_expect_eq(served(server(*way, "cuda", "local"), NULL), 0, "%s", *way);
        cr_expect_eq(served(server(*way, "cuda", "thread"), NULL), 0, "%s", *way);
    }
}

/* A signal that it handles is blocked in a handler too: but not since before the program began to listen. */
Test(serve, a_server_that_blocks_a_signal_from_its_start)
{
    for (const char *const *way = run_ways(); *way; way++)
        cr_expect_eq(served(server(*way, "cuda", "blocked"), NULL), 1, "%s", *way);
}

Test(serve, an_explicit_trigger_takes_them_too)
{
    for (const char *const *way = run_ways(); *way; way++) {
        const char *const *settings = LIST("GPUWARM_TRIGGER=serve");
        cr_expect_eq(served(server(*way, "cuda", "local"), settings), 1, "%s", *way);
        cr_expect_eq(served(server(*way, "cuda", "thread"), settings), 1, "%s", *way);
    }
}

Test(serve, the_worker_and_not_the_master)
{
    const char *report = run_scratch("report.%p");
    cr_expect_eq(served(server("select", "cuda", "worker"), LIST(run_env("GPUWARM_REPORT=%s", report))), 1);
    struct journal *journal = journal_read();
    cJSON *worker = report_read(run_scratch(run_env("report.%d", journal->lines[0].pid)));
    cr_assert_not_null(worker, "the worker's own report");
    cr_expect_eq(report_number(worker, "pid"), journal->lines[0].pid);
    cr_expect_str_eq(report_text(worker, "result"), "warm");
}

/*
 * One that was warmed before main, or when it served; the setting that is named cures it. A socket that the warm
 * process made to listen was not seen, and so is not seen where its child waits: there it is accept that says it.
 */
Test(serve, a_child_of_a_warmed_process_says_why_cuda_cannot_work_in_it)
{
    const char *const *argv = server("accept", "cuda", "worker");
    struct run run = run_program(PRELOADED, argv, LIST("GPUWARM_TRIGGER=load"));
    cr_expect_eq(line_count(run.err), 1, "%s", run.err);
    cr_expect_not_null(strstr(run.err, "GPUWARM_TRIGGER=serve or fork warms"), "%s", run.err);
    argv = server("poll", "cuda", "warm-worker");
    cr_expect_eq(served(argv, NULL), 1);
    run = run_program(PRELOADED, argv, NULL);
    cr_expect_eq(line_count(run.err), 1, "%s", run.err);
    cr_expect_not_null(strstr(run.err, "GPUWARM_TRIGGER=fork warms"), "%s", run.err);
    cr_expect_eq(served(argv, LIST("GPUWARM_TRIGGER=fork")), 1);
    run = run_program(PRELOADED, argv, LIST("GPUWARM_TRIGGER=fork"));
    cr_expect_str_empty(run.err);
}

/*
 * Ranks that talk to each other serve nobody: gloo listens and waits on the initial thread, and over TCP. Where the
 * program listens itself all calls are looked at, gloo's too; CUDA is found not initialised after those, as without us.
 */
Test(serve, a_library_that_listens_for_other_ranks_is_not_the_service)
{
    cr_expect_eq(served(LIST(run_host("serves"), "poll", "cuda", "gloo", "local"), NULL), 0);
    cr_expect_eq(served(LIST(run_host("serves"), "poll", "cuda", "gloo"), NULL), 1, "the program serves too");
    cr_expect_eq(served(LIST(run_host("serves"), "poll", "cuda", "gloo"), LIST("GPUWARM_TRIGGER=serve")), 1);
}

/* The driver polls a socket of its own, in a thread of its own, from cuInit on: here for 100 ms before the program. */
Test(serve, the_drivers_own_socket_is_not_the_service_for_an_explicit_trigger_either)
{
    const char *const *settings =
        LIST("GPUWARM_TRIGGER=serve", "SIMCUDA_DEVICES=3", "SIMCUDA_LATENCY_MS=cuDevicePrimaryCtxRetain=100");
    cr_expect_eq(served(server("poll", "cuda", "second"), settings), 0, "its own context says what is warm");
    struct journal *journal = journal_read();
    cr_expect_eq(journal_calls(journal, "cuDevicePrimaryCtxRetain", "device=0"), 0);
    cr_expect_eq(journal_calls(journal, "cuDevicePrimaryCtxRetain", "device=1"), 2);
    for (size_t i = 0; i < journal->count; i++)
        cr_expect_eq(journal->lines[i].tid, journal->lines[i].pid, "%s", journal->lines[i].function);
}

/* Which device the report names, warm. */
static int warm_device(void)
{
    const cJSON *report = report_read(run_scratch("report"));
    cr_expect_str_eq(report_text(report, "result"), "warm");
    return (int)report_number(report_device(report, 0), "ordinal");
}

/* Where nothing says which device, it is the one that the program uses already, and no other. */
Test(serve, the_device_that_the_program_has_chosen)
{
    const char *const *settings = LIST("SIMCUDA_DEVICES=3", run_env("GPUWARM_REPORT=%s", run_scratch("report")));
    cr_expect_eq(served(server("poll", "cuda", "second"), settings), 0);
    cr_expect_eq(warm_device(), 1);
    cr_expect_eq(journal_calls(journal_read(), "cuDevicePrimaryCtxRetain", "device=0"), 0);
    cr_expect_eq(journal_calls(journal_read(), "cuDevicePrimaryCtxRetain", "device=1"), 2);
}

/*
 * In a context that it uses, loading a module and freeing memory may wait for kernels that wait for the program to go
 * on: there the context is retained and nothing more.
 */
Test(serve, a_device_in_use_is_not_waited_for)
{
    for (const char *const *fault = LIST("cuModuleLoadDataEx=hang", "cuMemFreeHost=hang", "cuMemFree_v2=hang"); *fault;
         fault++) {
        const char *setting = run_env("SIMCUDA_FAULT=%s", *fault);
        cr_expect_eq(served(server("poll", "cuda", "second"), LIST("SIMCUDA_DEVICES=2", setting)), 0, "%s", *fault);
        cr_expect_eq(journal_calls(journal_read(), "cuDevicePrimaryCtxRetain", "device=1"), 2, "%s", *fault);
    }
}

/* Slurm makes every process a rank, a single service too: what is in use says more. */
Test(serve, the_device_that_the_program_has_chosen_and_not_its_ranks)
{
    const char *report = run_env("GPUWARM_REPORT=%s", run_scratch("report"));
    cr_expect_eq(served(server("poll", "cuda", "second"), LIST("SIMCUDA_DEVICES=3", "SLURM_LOCALID=0", report)), 0);
    cr_expect_eq(warm_device(), 1);
    cr_expect_eq(served(server("poll", "cuda", NULL), LIST("SIMCUDA_DEVICES=3", "SLURM_LOCALID=2", report)), 1);
    cr_expect_eq(warm_device(), 2);
}

static int threads_of(enum preload preload, const char *const *argv)
{
    struct run run = run_program(preload, argv, LIST("SIMCUDA_DEVICES=2"));
    const char *told = strstr(run.out, "threads ");
    cr_assert_not_null(told, "%s", run.out);
    return atoi(told + strlen("threads "));
}

/*
 * A server that counts its threads sees that it was warmed: a limit (docs/design.md). They are those that its own first
 * CUDA call brings, and no other.
 */
Test(serve, the_drivers_threads_stay_and_are_the_only_ones)
{
    const char *const *counts = LIST(run_host("serves"), "poll", "cuda", "threads");
    const char *const *uses = LIST(run_host("serves"), "poll", "cuda", "second", "threads");
    int cold = threads_of(PLAIN, counts), own = threads_of(PLAIN, uses);
    cr_expect_gt(own, cold, "%d, not more than %d", own, cold);
    cr_expect_eq(threads_of(PRELOADED, counts), own);
    cr_expect_eq(threads_of(PRELOADED, uses), own);
}

Test(serve, kill_switches)
{
    const char *const *switches =
        LIST("GPUWARM_TRIGGER=off", "GPUWARM_DEVICE=none", "GPUWARM_SKIP=serves", "GPUWARM_TRIGGER=servee");
    for (; *switches; switches++)
        cr_expect_eq(served(server("accept", "cuda", NULL), LIST(*switches)), 0, "%s", *switches);
}

Test(serve, a_failure_is_the_warm_ups_alone)
{
    struct run without = run_program(PLAIN, server("poll", "cuda", NULL), NULL);
    struct run with = run_program(PRELOADED, server("poll", "cuda", NULL),
                                  LIST("SIMCUDA_FAULT=cuInit=100", run_env("GPUWARM_REPORT=%s", run_scratch("r"))));
    cr_expect_str_eq(with.out, without.out);
    cr_expect_str_empty(with.err);
    cr_expect_str_eq(report_text(report_read(run_scratch("r")), "result"), "failed");
}

Test(serve, fork_warms_each_child)
{
    const char *report = run_scratch("report.%p");
    const char *const *settings = LIST("GPUWARM_TRIGGER=fork", run_env("GPUWARM_REPORT=%s", report));
    cr_expect_eq(served(server("accept", "cuda", "worker"), settings), 1);
    struct journal *journal = journal_read();
    cJSON *child = report_read(run_scratch(run_env("report.%d", journal->lines[0].pid)));
    cr_assert_not_null(child);
    cr_expect_str_eq(report_text(child, "trigger"), "fork");
    cr_expect_eq(served(server("accept", "worker", NULL), settings), 0, "no CUDA library is loaded");
    cr_expect_eq(served(server("accept", "cuda", NULL), settings), 0, "not the process itself");
}

/* A signal during a warm-up of a second: the wait that it would have ended ends. */
Test(serve, a_loop_that_a_signal_ends_still_ends)
{
    const char *const *settings = LIST("SIMCUDA_LATENCY_MS=cuInit=1000");
    const char *const *waits = LIST("accept", "poll", "select", "epoll");
    for (; *waits; waits++)
        for (int restart = 0; restart < 2; restart++) {
            const char *const *argv = LIST(run_host("stops"), *waits, restart ? "restart" : NULL);
            struct run without = run_program(PLAIN, argv, settings);
            journal_clear();
            struct run with = run_program(PRELOADED, argv, settings);
            cr_expect_eq(without.status, 6, "%d", without.status);
            cr_expect_eq(with.status, without.status, "%s %d: %d", *waits, restart, with.status);
            cr_expect_str_eq(with.out, without.out, "%s %d", *waits, restart);
            cr_expect_eq(warm_ups(journal_read()), 1);
        }
}

/*
 * One that has its default action ends the program also then: not only when the warm-up is over, which takes so long
 * that no machine is too slow for the signal to come in it.
 */
Test(serve, a_signal_without_handler_still_kills)
{
    const char *preload = run_env("LD_PRELOAD=%s", run_build("libgpuwarm.so"));
    const char *const *argv = LIST("/usr/bin/timeout", "--preserve-status", "--signal", "TERM", "0.3", "/usr/bin/env",
                                   preload, run_host("serves"), "poll", "cuda");
    struct run run = run_program(PLAIN, argv, LIST("SIMCUDA_LATENCY_MS=cuInit=10000"));
    cr_expect_eq(run.status, 143, "%d", run.status);
    cr_expect_eq(warm_ups(journal_read()), 0, "it was warmed before it ended");
}

/* The program's own functions of a hooked name get their arguments, whatever those are. */
Test(serve, functions_of_the_same_name_that_are_others)
{
    const char *const *triggers =
        LIST("GPUWARM_TRIGGER=auto", "GPUWARM_TRIGGER=serve", "GPUWARM_TRIGGER=off", "GPUWARM_SKIP=calls_foreign");
    struct run without = run_program(PLAIN, LIST(run_host("calls_foreign")), NULL);
    cr_assert_str_eq(without.out, "618 1099\n");
    for (; *triggers; triggers++) {
        struct run with = run_program(PRELOADED, LIST(run_host("calls_foreign")), LIST(*triggers));
        cr_expect_eq(with.status, 0, "%s: %d", *triggers, with.status);
        cr_expect_str_eq(with.out, without.out, "%s", *triggers);
    }
}

/* A device list that the program sets after its warm-up comes too late, which is said when it ends. */
Test(serve, a_late_change_of_the_visible_devices_is_said)
{
    struct run with =
        run_program(PRELOADED, LIST(run_host("chooses_device")), LIST("GPUWARM_TRIGGER=load", "SIMCUDA_DEVICES=2"));
    cr_expect_not_null(strstr(with.err, "CUDA_VISIBLE_DEVICES"), "%s", with.err);
    cr_expect_eq(line_count(with.err), 1, "%s", with.err);
    with = run_program(PRELOADED, LIST(run_host("chooses_device")), LIST("SIMCUDA_DEVICES=2"));
    cr_expect_str_empty(with.err);
}

/* Another thread may be capturing a graph; afterwards the thread is as it was. Before main there is none. */
Test(serve, the_threads_capture_mode_is_relaxed_and_restored)
{
    served(server("poll", "cuda", NULL), NULL);
    struct journal *journal = journal_read();
    cr_expect_eq(journal_calls(journal, "cuThreadExchangeStreamCaptureMode", "mode=2 before=0"), 1);
    cr_expect_eq(journal_calls(journal, "cuThreadExchangeStreamCaptureMode", "mode=0 before=2"), 1);
    journal_clear();
    run_program(PRELOADED, LIST(run_host("first_call")), NULL);
    cr_expect_eq(journal_calls(journal_read(), "cuThreadExchangeStreamCaptureMode", NULL), 0);
}

/* Where the driver has no such call, or refuses, the warm-up goes on, and the mode is left alone. */
Test(serve, a_driver_without_capture_modes)
{
    const char *const *settings = LIST("SIMCUDA_FAULT=cuThreadExchangeStreamCaptureMode=801@1",
                                       run_env("GPUWARM_REPORT=%s", run_scratch("report")));
    cr_expect_eq(served(server("poll", "cuda", NULL), settings), 1);
    cr_expect_str_eq(report_text(report_read(run_scratch("report")), "result"), "warm");
    cr_expect_eq(journal_calls(journal_read(), "cuThreadExchangeStreamCaptureMode", NULL), 1);
}
