/* SPDX-License-Identifier: MIT */
/* The report, read back with another program's JSON parser; and the process id in it, which decides who may replace it.
 */
#include "report/report.h"
#include "base/version.h"
#include "policy/marker.h"
#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char buffer[128 * 1024];
static struct warmth warmth;

static cJSON *format(const struct report *report)
{
    struct text text = text_in(buffer, sizeof buffer);
    report_format(report, &text);
    cr_assert_not(text.truncated);
    cr_assert_eq(text.length, strlen(buffer));
    cJSON *json = cJSON_Parse(buffer);
    cr_assert_not_null(json, "not JSON: %s", buffer);
    return json;
}

static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    cr_assert_not_null(item, "no \"%s\" in %s", name, buffer);
    return item;
}

/* `wanted` NULL: the member is there and is null. */
static void assert_string(const cJSON *object, const char *name, const char *wanted)
{
    const cJSON *item = member(object, name);
    if (!wanted) {
        cr_assert(cJSON_IsNull(item), "\"%s\" is not null in %s", name, buffer);
        return;
    }
    cr_assert(cJSON_IsString(item), "\"%s\" is no string in %s", name, buffer);
    cr_assert_str_eq(item->valuestring, wanted);
}

static void assert_number(const cJSON *object, const char *name, double wanted)
{
    const cJSON *item = member(object, name);
    cr_assert(cJSON_IsNumber(item), "\"%s\" is no number in %s", name, buffer);
    cr_assert_float_eq(item->valuedouble, wanted, 1e-9, "\"%s\" is %f, not %f", name, item->valuedouble, wanted);
}

static void assert_stage(const cJSON *stage, const char *name, double ms, const char *result, const char *error)
{
    cr_assert_not_null(stage, "no stage %s in %s", name, buffer);
    assert_string(stage, "name", name);
    assert_number(stage, "ms", ms);
    assert_string(stage, "result", result);
    assert_string(stage, "error", error);
    bool more = strcmp(name, "prefetch") == 0 || strcmp(name, "libraries") == 0;
    cr_assert_eq(cJSON_GetArraySize(stage), 4 + more);
}

Test(report, nothing_was_warmed)
{
    cJSON *json = format(&(struct report){.program = "server", .reason = "not a CUDA executable"});
    assert_string(json, "version", GPUWARM_VERSION);
    assert_number(json, "pid", getpid());
    assert_string(json, "program", "server");
    assert_string(json, "trigger", NULL);
    assert_string(json, "result", "skipped");
    assert_string(json, "reason", "not a CUDA executable");
    assert_string(json, "detail", NULL);
    cr_assert(cJSON_IsFalse(member(json, "late")));
    assert_number(json, "forked_after", 0);
    assert_number(json, "ppid", getppid());
    assert_number(json, "total_ms", 0);
    cr_assert(cJSON_IsArray(member(json, "devices")));
    cr_assert_eq(cJSON_GetArraySize(member(json, "devices")), 0);
    cr_assert_eq(cJSON_GetArraySize(json), 13);
    cJSON_Delete(json);
}

Test(report, a_process_that_waits)
{
    const struct report report = {.program = "server", .reason = "not a CUDA executable", .waiting = true};
    cJSON *json = format(&report);
    assert_string(json, "trigger", NULL);
    assert_string(json, "result", "waiting");
    cJSON_Delete(json);
}

Test(report, what_came_of_a_process_later)
{
    const struct report report = {
        .program = "server", .reason = "r", .detail = "a \"detail\"", .forked_after = 3, .late = true};
    cJSON *json = format(&report);
    assert_string(json, "detail", "a \"detail\"");
    assert_number(json, "forked_after", 3);
    cr_assert(cJSON_IsTrue(member(json, "late")));
    cJSON_Delete(json);
}

static void all_stages(struct stage_outcome *stages, enum stage_result result)
{
    for (int i = 0; i < STAGE_COUNT; i++)
        stages[i] = (struct stage_outcome){.result = result, .ns = (i + 1) * 1500000LL};
}

Test(report, one_warm_device)
{
    warmth = (struct warmth){.result = WARM_WARM, .ns = 431234567, .count = 1};
    warmth.devices[0] = (struct device){.ordinal = 2, .name = "NVIDIA H100"};
    strcpy(warmth.devices[0].uuid, "GPU-8a5e2d1c-0b3f-4e6a-9c7d-112233445566");
    all_stages(warmth.stages[0], STAGE_OK);
    cJSON *json =
        format(&(struct report){.program = "server", .reason = "asked for", .trigger = "serve", .warmth = &warmth});
    assert_string(json, "trigger", "serve");
    assert_string(json, "result", "warm");
    assert_number(json, "total_ms", 431.235);
    cr_assert_eq(cJSON_GetArraySize(member(json, "devices")), 1);
    const cJSON *device = cJSON_GetArrayItem(member(json, "devices"), 0), *stages = member(device, "stages");
    assert_number(device, "ordinal", 2);
    assert_string(device, "uuid", "GPU-8a5e2d1c-0b3f-4e6a-9c7d-112233445566");
    assert_string(device, "name", "NVIDIA H100");
    cr_assert_eq(cJSON_GetArraySize(device), 4);
    cr_assert_eq(cJSON_GetArraySize(stages), STAGE_COUNT);
    for (int i = 0; i < STAGE_COUNT; i++)
        assert_stage(cJSON_GetArrayItem(stages, i), stage_name((enum stage)i), (i + 1) * 1.5, "ok", NULL);
    cJSON_Delete(json);
}

Test(report, what_was_read_ahead_and_each_library)
{
    warmth = (struct warmth){.result = WARM_PARTIAL, .count = 1};
    all_stages(warmth.stages[0], STAGE_OK);
    warmth.stages[0][STAGE_prefetch].bytes = 5000000000;
    warmth.libraries[0][0] = (struct stage_outcome){.result = STAGE_OK, .ns = 2500000};
    warmth.libraries[0][LIBRARY_COUNT - 1] =
        (struct stage_outcome){.result = STAGE_FAILED, .error = 8, .error_name = "CUDNN_STATUS_EXECUTION_FAILED"};
    cJSON *json = format(&(struct report){.program = "server", .reason = "", .trigger = "serve", .warmth = &warmth});
    const cJSON *stages = member(cJSON_GetArrayItem(member(json, "devices"), 0), "stages");
    assert_number(cJSON_GetArrayItem(stages, STAGE_prefetch), "bytes", 5e9);
    const cJSON *libraries = member(cJSON_GetArrayItem(stages, STAGE_libraries), "libraries");
    cr_assert_eq(cJSON_GetArraySize(libraries), 2, "those that are not in the process are left out");
    assert_stage(cJSON_GetArrayItem(libraries, 0), library_name(0), 2.5, "ok", NULL);
    assert_stage(cJSON_GetArrayItem(libraries, 1), library_name(LIBRARY_COUNT - 1), 0, "failed",
                 "CUDNN_STATUS_EXECUTION_FAILED");
    cJSON_Delete(json);
}

Test(report, failed_skipped_and_omitted_stages)
{
    warmth = (struct warmth){.result = WARM_PARTIAL, .count = 1};
    warmth.devices[0] = (struct device){.ordinal = 0};
    warmth.stages[0][STAGE_driver] = (struct stage_outcome){.result = STAGE_OK, .ns = 1000};
    warmth.stages[0][STAGE_context] = (struct stage_outcome){.result = STAGE_FAILED,
                                                             .error = 2,
                                                             .call = "cuDevicePrimaryCtxRetain",
                                                             .error_name = "CUDA_ERROR_OUT_OF_MEMORY"};
    warmth.stages[0][STAGE_kernel].result = STAGE_SKIPPED;
    cJSON *json = format(&(struct report){.program = "p", .reason = "r", .warmth = &warmth});
    const cJSON *device = cJSON_GetArrayItem(member(json, "devices"), 0), *stages = member(device, "stages");
    assert_string(device, "uuid", NULL);
    assert_string(device, "name", NULL);
    cr_assert_eq(cJSON_GetArraySize(stages), 3, "the stage that was not asked for is left out");
    assert_stage(cJSON_GetArrayItem(stages, 0), "driver", 0.001, "ok", NULL);
    assert_stage(cJSON_GetArrayItem(stages, 1), "context", 0, "failed", "CUDA_ERROR_OUT_OF_MEMORY");
    assert_stage(cJSON_GetArrayItem(stages, 2), "kernel", 0, "skipped", NULL);
    cJSON_Delete(json);
}

Test(report, first_stages_omitted)
{
    warmth = (struct warmth){.result = WARM_WARM, .count = 1};
    warmth.stages[0][STAGE_memory].result = STAGE_OK;
    cJSON *json = format(&(struct report){.program = "p", .reason = "r", .warmth = &warmth});
    const cJSON *stages = member(cJSON_GetArrayItem(member(json, "devices"), 0), "stages");
    cr_assert_eq(cJSON_GetArraySize(stages), 1);
    assert_stage(cJSON_GetArrayItem(stages, 0), "memory", 0, "ok", NULL);
    cJSON_Delete(json);
}

Test(report, no_device_was_reached)
{
    warmth = (struct warmth){.result = WARM_FAILED, .count = 1};
    warmth.devices[0].ordinal = -1;
    cJSON *json = format(&(struct report){.program = "p", .reason = "r", .warmth = &warmth});
    const cJSON *device = cJSON_GetArrayItem(member(json, "devices"), 0);
    assert_string(json, "result", "failed");
    assert_string(device, "ordinal", NULL);
    cr_assert_eq(cJSON_GetArraySize(member(device, "stages")), 0);
    cJSON_Delete(json);
}

/* As many as there can be, with the longest names: the buffer of report_write holds them. */
Test(report, many_devices)
{
    warmth = (struct warmth){.result = WARM_WARM, .count = DEVICES_MAX};
    for (int i = 0; i < DEVICES_MAX; i++) {
        warmth.devices[i] = (struct device){.ordinal = i};
        memset(warmth.devices[i].name, '\x01', DEVICE_NAME_LENGTH - 1);
        memset(warmth.devices[i].uuid, 'u', sizeof warmth.devices[i].uuid - 1);
        all_stages(warmth.stages[i], STAGE_OK);
    }
    cJSON *json = format(&(struct report){.program = "p", .reason = "r", .warmth = &warmth});
    const cJSON *devices = member(json, "devices");
    cr_assert_eq(cJSON_GetArraySize(devices), DEVICES_MAX);
    for (int i = 0; i < DEVICES_MAX; i++) {
        assert_number(cJSON_GetArrayItem(devices, i), "ordinal", i);
        assert_string(cJSON_GetArrayItem(devices, i), "name", warmth.devices[i].name);
    }
    cJSON_Delete(json);
}

Test(report, strings_are_escaped)
{
    static const char program[] = "a \"b\" \\c\n\t\x7f/d, \"pid\": 1, %s", reason[] = "\xc3\xa4 \xff";
    warmth = (struct warmth){.result = WARM_WARM, .count = 1};
    strcpy(warmth.devices[0].name, "GPU \"0\"\\\x01");
    strcpy(warmth.devices[0].uuid, "\"");
    cJSON *json = format(&(struct report){.program = program, .reason = reason, .warmth = &warmth});
    assert_string(json, "program", program);
    assert_string(json, "reason", "\xc3\xa4 \xef\xbf\xbd");
    assert_string(cJSON_GetArrayItem(member(json, "devices"), 0), "name", warmth.devices[0].name);
    assert_string(cJSON_GetArrayItem(member(json, "devices"), 0), "uuid", "\"");
    cr_assert_eq(report_writer(buffer).pid, getpid());
    cJSON_Delete(json);
}

Test(report, results)
{
    static const char *const names[] = {"warm", "partial", "failed", "skipped"};
    for (int i = WARM_WARM; i <= WARM_SKIPPED; i++) {
        warmth = (struct warmth){.result = (enum warm_result)i, .count = 1};
        cJSON *json = format(&(struct report){.program = "p", .reason = "r", .warmth = &warmth});
        assert_string(json, "result", names[i]);
        cJSON_Delete(json);
    }
}

Test(report, writer)
{
    static const struct {
        const char *text;
        struct report_writer writer;
    } rows[] = {
        {"", {0, 0}},
        {"{}", {0, 0}},
        {"{\n  \"version\": \"0.1.0\",\n  \"pid\": 4711,\n  \"start\": 99,\n  \"program\": \"x\"", {4711, 99}},
        {"{\n  \"pid\": 4711,\n  \"program\": \"x\"", {4711, 0}},
        {"{\"pid\": 12", {12, 0}},
        {"{\"pid\": }", {0, 0}},
        {"{\"pid\": \"5\", \"start\": \"5\"}", {0, 0}},
        {"{\"pip\": 5, \"star\": 5}", {0, 0}},
        {"pid: 5, start: 5", {0, 0}},
        {"\"start\": 5, \"pid\": ", {0, 5}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct report_writer writer = report_writer(rows[i].text);
        cr_assert_eq(writer.pid, rows[i].writer.pid, "\"%s\" gave %ld", rows[i].text, writer.pid);
        cr_assert_eq(writer.start, rows[i].writer.start, "\"%s\" gave %llu", rows[i].text, writer.start);
    }
}

Test(report, writer_of_what_format_wrote)
{
    cJSON_Delete(format(&(struct report){.program = "p", .reason = "r"}));
    struct report_writer writer = report_writer(buffer);
    cr_assert_eq(writer.pid, getpid());
    cr_assert_eq(writer.start, marker_start_of(getpid()));
    cr_assert_neq(writer.start, 0);
}

static char folder[64], path[96], temporary[128], precious[96];

static void make(void)
{
    char made[] = "/tmp/gpuwarm-report-XXXXXX";
    cr_assert_not_null(mkdtemp(made));
    strcpy(folder, made);
    snprintf(path, sizeof path, "%s/report", folder);
    snprintf(temporary, sizeof temporary, "%s.%d.tmp", path, getpid());
    snprintf(precious, sizeof precious, "%s/precious", folder);
    FILE *file = fopen(precious, "w");
    cr_assert(file && fputs("precious", file) >= 0);
    fclose(file);
}

static void clean(void)
{
    unlink(path);
    unlink(precious);
    cr_expect_eq(rmdir(folder), 0, "nothing else was left there");
}

TestSuite(report_file, .init = make, .fini = clean);

/* The report is written, and no other file is. */
static void expect_written(void)
{
    char text[64] = "";
    const struct identity unknown = {.known = false};
    const char *problem = report_write(&(struct report){.program = "server", .reason = "why"}, path, &unknown);
    cr_expect_null(problem, "%s", problem);
    cr_expect_neq(access(temporary, F_OK), 0);
    cr_expect_eq(access(path, F_OK), 0);
    FILE *file = fopen(precious, "r");
    cr_assert_not_null(file);
    cr_expect_gt(fread(text, 1, sizeof text - 1, file), 0);
    fclose(file);
    cr_expect_str_eq(text, "precious", "%s", text);
}

/* In a container every start has the same pid; a temporary file of one that was killed must not stand in the way. */
Test(report_file, a_temporary_file_left_over_is_replaced)
{
    fclose(fopen(temporary, "w"));
    expect_written();
}

/* Pids are known beforehand. A link of that name is replaced too, and what it leads to is not written to. */
Test(report_file, a_link_in_the_place_of_the_temporary_file_is_replaced)
{
    struct stat status;
    cr_assert_eq(symlink(precious, temporary), 0);
    expect_written();
    cr_expect(lstat(path, &status) == 0 && S_ISREG(status.st_mode));
    cr_assert_eq(link(precious, temporary), 0);
    expect_written();
    cr_expect(stat(precious, &status) == 0 && status.st_nlink == 1);
}

Test(report, a_long_program_name_is_cut)
{
    static char name[40000];
    memset(name, 1, sizeof name - 1);
    struct text text = text_in(buffer, sizeof buffer);
    report_format(&(struct report){.program = name, .reason = "why"}, &text);
    cJSON *json = cJSON_Parse(buffer);
    cr_assert_not_null(json);
    cr_assert_eq(strlen(cJSON_GetObjectItem(json, "program")->valuestring), 255);
    cJSON_Delete(json);
}
