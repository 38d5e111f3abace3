/* SPDX-License-Identifier: MIT */
/*
 * Every driver function that the library calls (cuda_api.def), failing with one result of each class, or missing: the
 * program is the same, what was made is given back, and the report names the stage and the error.
 */
#include "run.h"
#include "spoil.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(faults, .init = run_setup, .fini = run_teardown);

static const char *const functions[] = {
#define CUDA_API(name, parameters) #name,
#include "../../shim/cuda/cuda_api.def"
#undef CUDA_API
};

static const struct {
    int code;
    const char *name;
} classes[] = {
    {1, "CUDA_ERROR_INVALID_VALUE"},
    {2, "CUDA_ERROR_OUT_OF_MEMORY"},
    {3, "CUDA_ERROR_NOT_INITIALIZED"},
    {100, "CUDA_ERROR_NO_DEVICE"},
    {214, "CUDA_ERROR_ECC_UNCORRECTABLE"},
    {221, "CUDA_ERROR_JIT_COMPILER_NOT_FOUND"},
    {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"},
    {999, "CUDA_ERROR_UNKNOWN"},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A stub of the driver, as toolkits have it for linking, names no error; nor does a driver one that is newer than it.
 */
Test(faults, errors_that_the_driver_does_not_name)
{
    static const struct {
        int code;
        const char *name;
    } named[] = {
        {3, "CUDA_ERROR_NOT_INITIALIZED"},
        {34, "CUDA_ERROR_STUB_LIBRARY"},
        {46, "CUDA_ERROR_DEVICE_UNAVAILABLE"},
        {100, "CUDA_ERROR_NO_DEVICE"},
        {101, "CUDA_ERROR_INVALID_DEVICE"},
        {802, "CUDA_ERROR_SYSTEM_NOT_READY"},
        {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"},
        {804, "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE"},
        {999, "CUDA_ERROR_UNKNOWN"},
    };
    for (size_t i = 0; i < COUNT(named); i++) {
        const char *fault = run_env("SIMCUDA_FAULT=cuInit=%d,cuGetErrorName=%d", named[i].code, named[i].code);
        struct run run = run_program(PRELOADED, LIST(run_host("plain")),
                                     LIST(fault, "GPUWARM_TRIGGER=load", "GPUWARM_REPORT=/dev/stderr"));
        cr_expect_eq(run.status, 7);
        cr_expect_not_null(strstr(run.err, run_env("not warmed: driver: cuInit: %s\n", named[i].name)), "%s", run.err);
        cr_expect_not_null(strstr(run.err, run_env("\"error\": \"%s\"", named[i].name)), "%s", run.err);
    }
}

/* What a device is called, and how others fail, is not needed to warm it. */
static bool is_needed(const char *function)
{
    static const char *const optional[] = {"cuGetErrorName",
                                           "cuDeviceGetName",
                                           "cuDeviceGetUuid",
                                           "cuDeviceGetUuid_v2",
                                           "cuDeviceGetAttribute",
                                           "cuDeviceGetByPCIBusId",
                                           "cuDevicePrimaryCtxGetState",
                                           "cuThreadExchangeStreamCaptureMode"};
    for (size_t i = 0; i < COUNT(optional); i++)
        if (strcmp(function, optional[i]) == 0)
            return false;
    return true;
}

/* How often the function was called with this outcome. */
static int calls(const struct journal *journal, const char *function, bool succeeded)
{
    int count = 0;
    for (size_t i = 0; i < journal->count; i++)
        count += strcmp(journal->lines[i].function, function) == 0 && (journal->lines[i].result == 0) == succeeded;
    return count;
}

/* Everything that was made was given back; a function that fails to give back was at least called. */
static void expect_given_back(const char *what)
{
    static const char *const pairs[][2] = {{"cuMemAlloc_v2", "cuMemFree_v2"},
                                           {"cuMemHostAlloc", "cuMemFreeHost"},
                                           {"cuModuleLoadDataEx", "cuModuleUnload"},
                                           {"cuStreamCreate", "cuStreamDestroy_v2"},
                                           {"cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2"}};
    struct journal *journal = journal_read();
    for (size_t i = 0; i < COUNT(pairs); i++) {
        int made = calls(journal, pairs[i][0], true);
        int dropped = calls(journal, pairs[i][1], true) + calls(journal, pairs[i][1], false);
        cr_expect_eq(made, dropped, "%s: %d of %s, %d of %s", what, made, pairs[i][0], dropped, pairs[i][1]);
    }
    free(journal);
}

/* The stage that failed, or NULL. */
static const cJSON *failed_stage(const cJSON *report)
{
    const cJSON *stage;
    cJSON_ArrayForEach(stage,
                       cJSON_GetObjectItem(report_device(report, 0), "stages")) if (strcmp(report_text(stage, "result"),
                                                                                           "failed") == 0) return stage;
    return NULL;
}

/* Runs the program, which must not notice, and gives the report. */
static cJSON *run_unharmed(const char *what, const char *setting)
{
    const char *path = run_scratch("report");
    journal_clear();
    unlink(path);
    struct run run = run_program(PRELOADED, LIST(run_host("plain")),
                                 LIST("GPUWARM_TRIGGER=load", run_env("GPUWARM_REPORT=%s", path), setting));
    cr_expect_eq(run.status, 7, "%s: %d", what, run.status);
    cr_expect_str_eq(run.out, "errno=0 dlerror=none\n", "%s: %s", what, run.out);
    cr_expect_leq(line_count(run.err), 1, "%s: %s", what, run.err);
    cJSON *report = report_read(path);
    cr_assert_not_null(report, "%s", what);
    return report;
}

Test(faults, every_function_with_every_class_of_error)
{
    for (size_t i = 0; i < COUNT(functions); i++)
        for (size_t j = 0; j < COUNT(classes); j++) {
            const char *what = run_env("%s=%d", functions[i], classes[j].code);
            cJSON *report = run_unharmed(what, run_env("SIMCUDA_FAULT=%s", what));
            const cJSON *stage = failed_stage(report);
            cr_expect_eq(stage != NULL, is_needed(functions[i]), "%s: %s", what, report_text(report, "result"));
            if (stage)
                cr_expect_str_eq(report_text(stage, "error"), classes[j].name, "%s", what);
            if (stage)
                cr_expect_not_null(strstr(report_text(report, "reason"), functions[i]), "%s", what);
            expect_given_back(what);
            cJSON_Delete(report);
        }
}

Test(faults, an_error_in_one_stage_leaves_the_other)
{
    cJSON *report = run_unharmed("kernel", "SIMCUDA_FAULT=cuLaunchKernel=999");
    cr_expect_str_eq(report_text(report, "result"), "partial");
    cr_expect_str_eq(report_text(report_stage(report_device(report, 0), "memory"), "result"), "ok");
    report = run_unharmed("memory", "SIMCUDA_FAULT=cuMemAlloc_v2=2");
    cr_expect_str_eq(report_text(report, "result"), "partial");
    cr_expect_str_eq(report_text(report_stage(report_device(report, 0), "kernel"), "result"), "ok");
}

/* The simulator without these functions, as a setting. */
static const char *driver_without(const char *const *lacking)
{
    spoil_copy("simcuda/libcuda.so.1", run_scratch("driver"), lacking);
    return run_env("LD_LIBRARY_PATH=%s", run_scratch("driver"));
}

Test(faults, every_function_missing)
{
    for (size_t i = 0; i < COUNT(functions); i++) {
        const char *what = run_env("no %s", functions[i]);
        cJSON *report = run_unharmed(what, driver_without(LIST(functions[i])));
        const cJSON *stage = failed_stage(report);
        cr_expect_eq(stage != NULL, is_needed(functions[i]), "%s: %s", what, report_text(report, "result"));
        if (stage)
            cr_expect_str_eq(report_text(stage, "error"), "CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND", "%s", what);
        cJSON_Delete(report);
    }
}

/* A driver of CUDA 5.5: it names no errors (6.0) and no UUIDs (9.2, and 11.4 for MIG instances), and is warmed. */
Test(faults, an_older_driver_that_lacks_newer_names)
{
    cJSON *report = run_unharmed("an older driver",
                                 driver_without(LIST("cuGetErrorName", "cuDeviceGetUuid", "cuDeviceGetUuid_v2")));
    const cJSON *device = report_device(report, 0);
    cr_expect_str_eq(report_text(report, "result"), "warm");
    cr_expect_str_eq(report_text(device, "uuid"), "null");
    cr_expect_str_eq(report_text(device, "name"), "Simulated GPU 0");
    cJSON_Delete(report);
}

/* ---- what a failure leaves ------------------------------------------------------------------------------------------
 */

/* What is made and given back, and the word of the journal by which one is known from another. */
static const struct pair {
    const char *made, *dropped, *word;
} pairs[] = {{"cuMemAlloc_v2", "cuMemFree_v2", "pointer="},
             {"cuMemHostAlloc", "cuMemFreeHost", "pointer="},
             {"cuModuleLoadDataEx", "cuModuleUnload", "module="},
             {"cuStreamCreate", "cuStreamDestroy_v2", "stream="},
             {"cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2", ""}};

static bool is_call(const struct journal_line *line, const char *function, bool succeeded)
{
    return strcmp(line->function, function) == 0 && (line->result == 0) == succeeded;
}

/*
 * The first call after this one that gave it back, or failed to: then it was called with the right thing as far as
 * anybody can tell. NULL: none. A line that is found is used up.
 */
static struct journal_line *line_of_drop(struct journal *journal, const struct journal_line *made,
                                         const struct pair *pair)
{
    const char *word = strstr(made->detail, pair->word);
    for (struct journal_line *line = journal->lines + (made - journal->lines); line < journal->lines + journal->count;
         line++)
        if (is_call(line, pair->dropped, false) || (is_call(line, pair->dropped, true) && strstr(line->detail, word)))
            return line;
    return NULL;
}

/* Each thing that was made was given back, itself and once. */
static void expect_each_given_back(const char *what)
{
    struct journal *journal = journal_read();
    int retained = 0;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        for (size_t j = 0; j < journal->count; j++) {
            if (!is_call(&journal->lines[j], pairs[i].made, true))
                continue;
            struct journal_line *drop = line_of_drop(journal, &journal->lines[j], &pairs[i]);
            cr_expect_not_null(drop, "%s: %s of %s is left", what, journal->lines[j].detail, pairs[i].made);
            if (drop)
                drop->function[0] = '\0';
        }
        cr_expect_eq(journal_calls(journal, pairs[i].dropped, NULL), 0, "%s: %s once too often", what,
                     pairs[i].dropped);
    }
    for (size_t i = 0; i < journal->count; i++)
        retained += is_call(&journal->lines[i], "cuDevicePrimaryCtxRetain", true);
    cr_expect_leq(retained, 2, "%s: once by us, once by the program: %d", what, retained);
    free(journal);
}

/* What could not be given back, because that is what failed, shows in the driver and nowhere else. */
static bool is_left_by_its_failure(const char *function, int nth)
{
    static const char *const dropping[] = {"cuMemFree_v2", "cuMemFreeHost", "cuCtxPopCurrent_v2"};
    for (size_t i = 0; i < COUNT(dropping); i++)
        if (strcmp(function, dropping[i]) == 0)
            return true;
    return strcmp(function, "cuThreadExchangeStreamCaptureMode") == 0 && nth == 2;
}

/* How often a warm-up at that trigger calls the function; the program calls it, too. */
static int calls_of_warm_up(const char *function, const char *trigger)
{
    journal_clear();
    run_program(PLAIN, LIST(run_host("leftovers")), NULL);
    struct journal *journal = journal_read();
    int own = calls(journal, function, true);
    free(journal);
    journal_clear();
    run_program(PRELOADED, LIST(run_host("leftovers")), LIST(trigger));
    journal = journal_read();
    int all = calls(journal, function, true);
    free(journal);
    return all - own;
}

static void expect_nothing_left(const char *function, int nth, const char *trigger, const char *cold)
{
    const char *fault = run_env("%s=999@%d", function, nth), *what = run_env("%s, %s", trigger, fault);
    journal_clear();
    struct run run = run_program(PRELOADED, LIST(run_host("leftovers")),
                                 LIST(trigger, "GPUWARM_LOG=off", run_env("SIMCUDA_FAULT=%s", fault)));
    size_t compared = is_left_by_its_failure(function, nth) ? (size_t)(strstr(cold, "driver:") - cold) : strlen(cold);
    cr_expect_eq(run.status, 8, "%s: %d", what, run.status);
    /* An emulator has descriptors and mappings of its own. */
    cr_expect(run_emulated() || strncmp(run.out, cold, compared) == 0, "%s: %s, without: %s", what, run.out, cold);
    expect_each_given_back(what);
}

/* At each of the calls that a warm-up makes, in memory, descriptors and in the driver. */
static void expect_nothing_left_at(const char *trigger)
{
    struct run cold = run_program(PRELOADED, LIST(run_host("leftovers")), LIST("GPUWARM_TRIGGER=off"));
    cr_assert_eq(cold.status, 8, "%d", cold.status);
    cr_assert_not_null(strstr(cold.out, "driver:\nno context"), "%s", cold.out);
    for (size_t i = 0; i < COUNT(functions); i++) {
        int times = calls_of_warm_up(functions[i], trigger);
        for (int nth = 1; nth <= times; nth++)
            expect_nothing_left(functions[i], nth, trigger, cold.out);
    }
    expect_nothing_left("none", 1, trigger, cold.out);
}

/* A failure that is gone when the program comes is the library's alone: the program never sees it, nor a trace of it.
 */
Test(faults, every_function_failing_once)
{
    struct run without = run_program(PLAIN, LIST(run_host("first_call")), NULL);
    for (size_t i = 0; i < COUNT(functions); i++) {
        const char *fault = run_env("SIMCUDA_FAULT=%s=999@1", functions[i]);
        struct run with = run_program(PRELOADED, LIST(run_host("first_call")), LIST(fault));
        cr_expect_eq(with.status, without.status, "%s: %d", fault, with.status);
        cr_expect_str_eq(with.out, without.out, "%s: %s", fault, with.out);
        cr_expect_str_eq(with.err, without.err, "%s: %s", fault, with.err);
    }
    expect_nothing_left_at("GPUWARM_TRIGGER=load");
    expect_nothing_left_at("GPUWARM_TRIGGER=serve");
}

/* What is called libcuda.so.1 and is none: text, nothing, a folder, a library without one CUDA function. */
Test(faults, no_driver_by_that_name)
{
    const char *folder = run_scratch("driver"), *path = run_env("%s/libcuda.so.1", folder);
    const char *setting = run_env("LD_LIBRARY_PATH=%s", folder);
    const char *const *errors =
        LIST("CUDA_ERROR_SHARED_OBJECT_INIT_FAILED", "CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND");
    cr_expect_str_eq(report_text(failed_stage(run_unharmed("none at all", setting)), "error"), errors[0]);
    cr_assert_eq(mkdir(folder, 0700), 0);
    run_write(path, "this is not an ELF file\n");
    cr_expect_str_eq(report_text(failed_stage(run_unharmed("text", setting)), "error"), errors[0]);
    run_write(path, "");
    cr_expect_str_eq(report_text(failed_stage(run_unharmed("empty", setting)), "error"), errors[0]);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_expect_str_eq(report_text(failed_stage(run_unharmed("a folder", setting)), "error"), errors[0]);
    cr_assert_eq(rmdir(path), 0);
    cr_assert_eq(run_program(PLAIN, LIST("/bin/cp", run_host("libinjects.so"), path), NULL).status, 0);
    cr_expect_str_eq(report_text(failed_stage(run_unharmed("no function", setting)), "error"), errors[1]);
}
