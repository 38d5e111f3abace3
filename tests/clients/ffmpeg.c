/* SPDX-License-Identifier: MIT */
/*
 * Debian's ffmpeg, which uploads frames to the device and downloads them. It opens the driver with dlopen and makes a
 * context of its own. It is on the skip list, which an explicit trigger does not lift: GPUWARM_SKIP=none does.
 */
#include "client.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(ffmpeg, .init = run_setup, .fini = run_teardown);

#define SOURCE "testsrc2=size=320x240:rate=5:duration=1"
#define FFMPEG(filters, ...)                                                                                           \
    LIST("/usr/bin/ffmpeg", "-nostdin", "-loglevel", "error", __VA_ARGS__ "-f", "lavfi", "-i", SOURCE, "-vf", filters, \
         "-f", "framemd5", "-")
/* The filter opens a device by itself, with a context of its own. */
#define ON_DEVICE(device) FFMPEG(run_env("format=nv12,hwupload_cuda=device=%d,hwdownload,format=nv12", device), )
/* The device is opened before, with options. */
#define WITH_PRIMARY_CONTEXT                                                                                           \
    FFMPEG("format=nv12,hwupload,hwdownload,format=nv12", "-init_hw_device", "cuda=gpu:0,primary_ctx=1",               \
           "-filter_hw_device", "gpu", )
#define ON_HOST FFMPEG("format=nv12", )

static const char *const anyway[] = {"GPUWARM_SKIP=none", "GPUWARM_TRIGGER=load", NULL};
static const char *const driver_only[] = {"GPUWARM_SKIP=none", "GPUWARM_TRIGGER=load", "GPUWARM_STAGES=driver", NULL};

/* Without this the comparisons below would compare nothing. */
Test(ffmpeg, frames_go_to_the_device_and_come_back)
{
    struct run host = run_program(PLAIN, ON_HOST, NULL);
    struct run device = run_program(PLAIN, ON_DEVICE(0), NULL);
    struct journal *journal = journal_read();
    cr_assert_eq(host.status, 0, "%s", host.err);
    cr_assert_eq(device.status, 0, "%s", device.err);
    cr_assert_not_null(strstr(device.out, "0,          4,          4,"), "five frames: %s", device.out);
    cr_assert_str_eq(device.out, host.out);
    cr_assert_eq(journal_calls(journal, "cuMemcpy2DAsync_v2", NULL), 20, "two planes, up and down, five times");
}

Test(ffmpeg, is_left_alone_by_itself)
{
    struct client client = client_run(ON_DEVICE(0), NULL);
    cr_expect_eq(client.cold.status, 0, "%s", client.cold.err);
    client_expect_left_alone(&client);
    cr_expect_null(client.report, "no report of a skipped program");
}

/* In one line it says so: it was asked for. */
Test(ffmpeg, is_left_alone_also_when_all_programs_are_to_be_warmed)
{
    struct client client = client_run(ON_DEVICE(0), LIST("GPUWARM_TRIGGER=load", "GPUWARM_STAGES=driver"));
    const char *line = strstr(client.warm.err, "] ");
    cr_assert_not_null(line);
    cr_expect_str_eq(line, "] ffmpeg: not warmed: skip list: ffmpeg (media tool)\n");
    strcpy(client.warm.err, client.cold.err);
    client_expect_left_alone(&client);
    cr_expect_null(client.report);
}

/* It is no CUDA executable: the driver is opened when a filter asks for it. */
Test(ffmpeg, is_left_alone_when_only_the_skip_list_is_emptied)
{
    struct client client = client_run(ON_DEVICE(0), LIST("GPUWARM_SKIP=none"));
    client_expect_left_alone(&client);
    cr_expect_str_eq(
        report_text(client.report, "reason"),
        "no CUDA executable: warmed when it waits for TCP connections with a CUDA library loaded; otherwise "
        "set GPUWARM_TRIGGER: load for a script, serve for other threads and local sockets, spawn or fork "
        "for a pool");
}

Test(ffmpeg, is_warmed_as_far_as_the_driver)
{
    struct client client = client_run(ON_DEVICE(0), driver_only);
    cr_expect_eq(client.cold.status, 0, "%s", client.cold.err);
    client_expect_warmed(&client, "driver");
    cr_expect_eq(journal_calls(client.calls, "cuDevicePrimaryCtxRetain", NULL), 0);
    cr_expect_eq(journal_calls(client.calls, "cuCtxCreate_v2", NULL), 1, "its own context");
}

Test(ffmpeg, is_warmed_with_all_stages)
{
    struct client client = client_run(ON_DEVICE(0), anyway);
    cr_expect_eq(client.cold.status, 0, "%s", client.cold.err);
    client_expect_warmed(&client, "driver,context,kernel,memory");
    cr_expect_eq(journal_calls(client.calls, "cuDevicePrimaryCtxRetain", NULL), 1);
    cr_expect_eq(journal_calls(client.calls, "cuCtxCreate_v2", NULL), 1, "and pays for a context that it does not use");
}

Test(ffmpeg, is_warmed_on_another_device_than_it_uses)
{
    struct client client = client_run(ON_DEVICE(1), LIST("SIMCUDA_DEVICES=2", anyway[0], anyway[1]));
    cr_expect_eq(client.cold.status, 0, "%s", client.cold.err);
    client_expect_warmed(&client, "driver,context,kernel,memory");
    cr_expect_eq(journal_calls(client.calls, "cuCtxCreate_v2", "device=1"), 1);
}

Test(ffmpeg, can_be_told_to_use_the_primary_context)
{
    struct client client = client_run(WITH_PRIMARY_CONTEXT, driver_only);
    cr_expect_eq(client.cold.status, 0, "%s", client.cold.err);
    client_expect_warmed(&client, "driver");
    cr_expect_eq(journal_calls(client.calls, "cuDevicePrimaryCtxRetain", NULL), 1, "its own");
    cr_expect_eq(journal_calls(client.calls, "cuDevicePrimaryCtxSetFlags", "flags=4"), 1, "it wants it to block");
}

/* The known limit: ffmpeg refuses one that is active with other flags than its own. It is why ffmpeg is skipped. */
Test(ffmpeg, refuses_a_primary_context_that_is_warm)
{
    struct client client = client_run(WITH_PRIMARY_CONTEXT, anyway);
    cr_expect_eq(client.cold.status, 0, "%s", client.cold.err);
    cr_expect_eq(client.warm.status, 1, "%d", client.warm.status);
    cr_expect_str_empty(client.warm.out);
    cr_expect_not_null(strstr(client.warm.err, "Primary context already active with incompatible flags."), "%s",
                       client.warm.err);
}
