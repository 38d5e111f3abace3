/* SPDX-License-Identifier: MIT */
/*
 * GCC's OpenMP offloading to NVIDIA GPUs: offload.c, compiled by GCC 12 for nvptx and run by libgomp and its plugin,
 * which opens the driver with dlopen, hands it the kernels as PTX, and makes a context of its own, unless one is
 * current: then it uses that.
 */
#include "client.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(openmp, .init = run_setup, .fini = run_teardown);

#define OFFLOAD  LIST(run_build("tests/clients/offload"))
#define OFFLOADS "OMP_TARGET_OFFLOAD=MANDATORY"
#define OUTPUT(devices, sum)                                                                                           \
    "devices " devices ", default 0, sum 8386560\ncopied by hand: same\nsum after the region " sum "\n"

/* What shows that the device was used: the launch, and the array as the simulated driver leaves it. */
static void expect_offloaded(const struct client *client)
{
    cr_expect_eq(client->cold.status, 5, "%s", client->cold.err);
    cr_expect_str_eq(client->cold.out, OUTPUT("1", "8386560"));
    cr_expect_eq(journal_calls(client->own, "cuLaunchKernel", "name=main$_omp_fn$0"), 1);
    cr_expect_eq(journal_calls(client->own, "cuModuleLoadData", "image=linked"), 1);
}

Test(openmp, is_left_alone_by_itself)
{
    struct client client = client_run(OFFLOAD, LIST(OFFLOADS));
    expect_offloaded(&client);
    client_expect_left_alone(&client);
    cr_expect_str_eq(
        report_text(client.report, "reason"),
        "no CUDA executable: warmed when it waits for TCP connections with a CUDA library loaded; otherwise "
        "set GPUWARM_TRIGGER: load for a script, serve for other threads and local sockets, spawn or fork "
        "for a pool",
        "it links libgomp, whose plugin opens the driver later");
}

Test(openmp, is_warmed_with_all_stages)
{
    struct client client = client_run(OFFLOAD, LIST(OFFLOADS, "GPUWARM_TRIGGER=load"));
    expect_offloaded(&client);
    client_expect_warmed(&client, "driver,context,kernel,memory");
    cr_expect_eq(journal_calls(client.calls, "cuCtxCreate_v2", NULL), 1, "none was current for it to use");
}

Test(openmp, is_warmed_as_far_as_the_driver)
{
    struct client client = client_run(OFFLOAD, LIST(OFFLOADS, "GPUWARM_TRIGGER=load", "GPUWARM_STAGES=driver"));
    expect_offloaded(&client);
    client_expect_warmed(&client, "driver");
    cr_expect_eq(journal_calls(client.calls, "cuDevicePrimaryCtxRetain", NULL), 0);
}

Test(openmp, is_warmed_on_another_device_than_it_uses)
{
    struct client client =
        client_run(OFFLOAD, LIST(OFFLOADS, "SIMCUDA_DEVICES=2", "OMP_DEFAULT_DEVICE=1", "GPUWARM_TRIGGER=load"));
    cr_expect_not_null(strstr(client.cold.out, "devices 2, default 1,"), "%s", client.cold.out);
    client_expect_warmed(&client, "driver,context,kernel,memory");
    cr_expect_eq(journal_calls(client.calls, "cuCtxCreate_v2", "device=1"), 1);
}

Test(openmp, is_the_same_when_it_does_not_offload)
{
    struct client client = client_run(OFFLOAD, LIST("OMP_TARGET_OFFLOAD=DISABLED", "GPUWARM_TRIGGER=load"));
    cr_expect_str_eq(client.cold.out, OUTPUT("0", "0"), "on the host: %s", client.cold.out);
    cr_expect_eq(client.own->count, 0);
    client_expect_warmed(&client, "driver,context,kernel,memory");
}

Test(openmp, is_the_same_where_there_is_no_device)
{
    const char *const *settings = LIST("CUDA_VISIBLE_DEVICES=", "GPUWARM_TRIGGER=load", "GPUWARM_LOG=off");
    struct client client = client_run(OFFLOAD, settings);
    cr_expect_str_eq(client.cold.out, OUTPUT("0", "0"), "on the host: %s", client.cold.out);
    client_expect_same(&client);
    cr_expect_str_eq(report_text(client.report, "reason"), "driver: cuInit: CUDA_ERROR_NO_DEVICE");
}

/* What libgomp says when a call fails, and how it then ends the program, is libgomp's. */
Test(openmp, fails_as_without_the_library)
{
    const char *const *settings =
        LIST(OFFLOADS, "SIMCUDA_FAULT=cuLinkComplete=222", "GPUWARM_TRIGGER=load", "GPUWARM_LOG=off");
    struct client client = client_run(OFFLOAD, settings);
    cr_expect_eq(client.cold.status, 1);
    cr_expect_not_null(strstr(client.cold.err, "cuLinkComplete error"), "%s", client.cold.err);
    client_expect_warmed(&client, "driver,context,kernel,memory");
}
