/* SPDX-License-Identifier: MIT */
/*
 * numba's bindings of the driver API in Debian's Python: numba_kernel.py, which uses the primary context as the
 * CUDA runtime does. numba 0.56 takes the newest variant of a name that the driver has, and so calls CUDA 13's
 * cuCtxGetDevice_v2 without its second argument: it needs a driver of its own age, also on a GPU.
 */
#include "client.h"
#include <criterion/criterion.h>

TestSuite(numba, .init = run_setup, .fini = run_teardown);

#define SCRIPT LIST("/usr/bin/python3", "tests/clients/numba_kernel.py")
#define DRIVER run_env("LD_LIBRARY_PATH=%s", run_build("simcuda/12.2"))
/* Nothing is written to the script's folder. */
#define CLEAN "PYTHONDONTWRITEBYTECODE=1"

static void expect_ran(const struct client *client)
{
    cr_expect_eq(client->cold.status, 6, "%s", client->cold.err);
    cr_expect_str_eq(client->cold.out, "1 device, compute capability (9, 0)\nSimulated GPU 0 1024 16 True\n"
                                       "after a reset: Simulated GPU 0 1024 16 True\n");
    cr_expect_eq(journal_calls(client->own, "cuLaunchKernel", "name=twice"), 2);
    cr_expect_eq(journal_calls(client->own, "cuDevicePrimaryCtxRetain", NULL), 2, "once more after the reset");
}

Test(numba, is_left_alone_by_itself)
{
    struct client client = client_run(SCRIPT, LIST(DRIVER, CLEAN));
    expect_ran(&client);
    client_expect_left_alone(&client);
    cr_expect_str_eq(
        report_text(client.report, "reason"),
        "no CUDA executable: warmed when it waits for TCP connections with a CUDA library loaded; otherwise "
        "set GPUWARM_TRIGGER: load for a script, serve for other threads and local sockets, spawn or fork "
        "for a pool");
}

Test(numba, is_warmed_with_all_stages)
{
    struct client client = client_run(SCRIPT, LIST(DRIVER, CLEAN, "GPUWARM_TRIGGER=load"));
    expect_ran(&client);
    client_expect_warmed(&client, "driver,context,kernel,memory");
}

Test(numba, is_warmed_as_far_as_the_driver)
{
    struct client client = client_run(SCRIPT, LIST(DRIVER, CLEAN, "GPUWARM_TRIGGER=load", "GPUWARM_STAGES=driver"));
    expect_ran(&client);
    client_expect_warmed(&client, "driver");
}

/* Why the older driver is needed; where this fails, it is not needed any more. */
Test(numba, does_not_run_on_a_driver_of_cuda_13)
{
    struct run run = run_program(PLAIN, SCRIPT, LIST(CLEAN));
    cr_expect_eq(run.status, 1);
    cr_expect_eq(journal_calls(journal_read(), "cuCtxGetDevice_v2", NULL), 1);
}
