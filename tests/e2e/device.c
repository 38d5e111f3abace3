/* SPDX-License-Identifier: MIT */
/* GPUWARM_DEVICE on a machine with simulated GPUs: which contexts are retained, and what is said of missing ones. */
#include "run.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(device, .init = run_setup, .fini = run_teardown);

/* The UUIDs of the first two simulated GPUs, and of the first one's MIG instance. */
#define UUID_0 "51627384-95a6-b7c8-d9ea-fb0c1d2e3f50"
#define MIG_0  "d1e2f304-1526-3748-596a-7b8c9daebfd0"

/* Runs a program that makes no CUDA call of its own and gives the devices whose context was retained: "0 2". */
static const char *warmed(const char *const *environment)
{
    static char devices[64];
    const char *all[16] = {"GPUWARM_TRIGGER=load", "SIMCUDA_DEVICES=4"};
    int count = 2;
    while (environment && *environment)
        all[count++] = *environment++;
    journal_clear();
    struct run run = run_program(PRELOADED, LIST(run_host("plain")), all);
    cr_expect_eq(run.status, 7);
    cr_expect_str_empty(run.err, "%s", run.err);
    devices[0] = '\0';
    struct journal *journal = journal_read();
    for (size_t i = 0; i < journal->count; i++)
        if (strcmp(journal->lines[i].function, "cuDevicePrimaryCtxRetain") == 0)
            snprintf(devices + strlen(devices), sizeof devices - strlen(devices), "%s%s", devices[0] ? " " : "",
                     strchr(journal->lines[i].detail, '=') + 1);
    return devices;
}

Test(device, ordinals)
{
    cr_expect_str_eq(warmed(NULL), "0");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=")), "0", "empty is unset");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=3")), "3");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=0,2")), "0 2");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=2,0,2")), "2 0", "named twice counts once");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=all")), "0 1 2 3");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=cuda:3")), "3", "as PyTorch writes it");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=cuda:2,cuda:0,2")), "2 0");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=cuda", "LOCAL_RANK=1")), "1", "auto");
}

Test(device, local_rank)
{
    cr_expect_str_eq(warmed(LIST("LOCAL_RANK=2")), "2");
    cr_expect_str_eq(warmed(LIST("LOCAL_RANK=6")), "2", "modulo the device count");
    cr_expect_str_eq(warmed(LIST("SLURM_LOCALID=3", "LOCAL_RANK=1")), "1", "the innermost launcher's");
    cr_expect_str_eq(warmed(LIST("SLURM_LOCALID=3", "LOCAL_RANK=one")), "3", "malformed counts as none");
    cr_expect_str_eq(warmed(LIST("PMI_RANK=3", "PMIX_RANK=2")), "0", "global ranks are no local ranks");
    cr_expect_str_eq(warmed(LIST("LOCAL_RANK=2", "CUDA_VISIBLE_DEVICES=3")), "0", "one visible device");
    cr_expect_str_eq(warmed(LIST("LOCAL_RANK=2", "GPUWARM_DEVICE=1")), "1", "a named device beats the rank");
}

Test(device, uuids)
{
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=GPU-" UUID_0)), "0");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=gpu-5162")), "0", "a unique prefix in any case");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=GPU-8", "SIMCUDA_DEVICES=3")), "2");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=MIG-" MIG_0, "SIMCUDA_MIG=1")), "0");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=0,GPU-" UUID_0)), "0", "the same device in two forms");
}

Test(device, bus_ids)
{
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=0000:03:00.0")), "2");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=00000000:03:00.0")), "2", "as nvidia-smi prints it");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=3:0.0")), "2");
    cr_expect_str_eq(warmed(LIST("GPUWARM_DEVICE=04:00")), "3");
}

Test(device, numbers_are_the_programs)
{
    const char *report = run_env("GPUWARM_REPORT=%s", run_scratch("report"));
    cr_expect_str_eq(warmed(LIST("CUDA_VISIBLE_DEVICES=2,1", "GPUWARM_DEVICE=0", report)), "0");
    const cJSON *device = report_device(report_read(run_scratch("report")), 0);
    cr_expect_eq(report_number(device, "ordinal"), 0);
    cr_expect_str_eq(report_text(device, "name"), "Simulated GPU 2");
    cr_expect_str_eq(warmed(LIST("CUDA_VISIBLE_DEVICES=2,1", "GPUWARM_DEVICE=02:00.0")), "1");
}

/* What is said of a device that is not there: one line that names the setting; the others are warmed. */
static void expect_missing(const char *setting, const char *line, size_t retained)
{
    for (enum preload preload = PLAIN; preload <= PRELOADED; preload++) {
        journal_clear();
        struct run run = run_program(preload, LIST(run_host("first_call")), LIST(setting, "SIMCUDA_DEVICES=2"));
        cr_expect_eq(run.status, 0);
        cr_expect_str_eq(run.out, "Simulated GPU 0: same\n");
        cr_expect_eq(line_count(run.err), preload == PRELOADED, "%s: %s", setting, run.err);
        if (preload == PRELOADED) {
            cr_expect_not_null(strstr(run.err, line), "%s", run.err);
            cr_expect_not_null(strstr(run.err, "GPUWARM_DEVICE"), "%s", run.err);
            cr_expect_eq(journal_calls(journal_read(), "cuDevicePrimaryCtxRetain", NULL), retained + 1, "%s", setting);
        }
    }
}

Test(device, missing)
{
    expect_missing("GPUWARM_DEVICE=2", "no device 2: not among the 2 that the program sees; not warmed", 0);
    expect_missing("GPUWARM_DEVICE=1,7", "no device 7: not among the 2 that the program sees; the others are warmed",
                   1);
    expect_missing("GPUWARM_DEVICE=GPU-ffffffff", "no device GPU-ffffffff: not among", 0);
    expect_missing("GPUWARM_DEVICE=MIG-51", "no device MIG-51: not among", 0);
    expect_missing("GPUWARM_DEVICE=0000:77:00.0", "no device 0000:77:00.0: not among", 0);
}

Test(device, a_prefix_of_several_is_nobodys)
{
    /* Of eleven simulated GPUs the third and the last have UUIDs that begin with 8. */
    struct run run =
        run_program(PRELOADED, LIST(run_host("first_call")), LIST("SIMCUDA_DEVICES=11", "GPUWARM_DEVICE=GPU-8"));
    cr_expect_eq(line_count(run.err), 1);
    cr_expect_not_null(strstr(run.err, "no device GPU-8 (fits several devices): not among the 11"), "%s", run.err);
    cr_expect_eq(journal_calls(journal_read(), "cuDevicePrimaryCtxRetain", NULL), 1, "the program's own");
}

Test(device, exclusive_mode_is_for_programs_that_use_the_gpu)
{
    const char *exclusive = "SIMCUDA_COMPUTE_MODE=exclusive", *report = run_env("GPUWARM_REPORT=%s", run_scratch("r"));
    struct run run = run_program(PRELOADED, LIST(run_host("plain")), LIST(exclusive, report, "GPUWARM_TRIGGER=load"));
    cr_expect_eq(run.status, 7);
    cr_expect_eq(journal_calls(journal_read(), "cuDevicePrimaryCtxRetain", NULL), 0);
    cr_expect_str_eq(report_text(report_read(run_scratch("r")), "result"), "skipped");
    journal_clear();
    run = run_program(PRELOADED, LIST(run_host("first_call")), LIST(exclusive));
    cr_expect_eq(run.status, 0);
    cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", NULL), 1);
    journal_clear();
    run_program(PRELOADED, LIST(run_host("first_call"), "1"), LIST(exclusive, "SIMCUDA_DEVICES=2"));
    cr_expect_eq(journal_calls(journal_read(), "cuDevicePrimaryCtxRetain", "device=0"), 0, "which one is a guess");
    journal_clear();
    run_program(PRELOADED, LIST(run_host("first_call"), "1"), LIST(exclusive, "SIMCUDA_DEVICES=2", "LOCAL_RANK=1"));
    cr_expect_eq(journal_calls(journal_read(), "cuDevicePrimaryCtxRetain", "device=1"), 2, "here it is not");
}
