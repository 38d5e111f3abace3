/* SPDX-License-Identifier: MIT */
/*
 * The stage `libraries` on stand-ins that leave their calls in the journal (tests/standins): which libraries are made
 * ready and when, what is called of them, and that no failure of theirs is the program's.
 */
#include "run.h"
#include "spoil.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(libraries, .init = run_setup, .fini = run_teardown);

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *folders(const char *first)
{
    return run_env("LD_LIBRARY_PATH=%s:%s:%s", first, run_build("simcuda"), run_build("standins"));
}

static const char *report_path(void)
{
    return run_env("GPUWARM_REPORT=%s", run_scratch("report"));
}

/* Runs the program, which must do as without the library, with the stage on and a fault or a setting of its own. */
static struct journal *run_same(const char *const *argv, const char *path, const char *setting)
{
    const char *const *environment = LIST("GPUWARM_STAGES=libraries", path, report_path(), setting);
    struct run without = run_program(PLAIN, argv, LIST(path));
    journal_clear();
    struct run with = run_program(PRELOADED, argv, environment);
    cr_expect_eq(with.status, without.status, "%s: %d", setting, with.status);
    cr_expect_str_eq(with.out, without.out, "%s", setting);
    cr_expect_str_empty(with.err, "%s: %s", setting, with.err);
    return journal_read();
}

static const cJSON *stage_of(const cJSON *report)
{
    return report_stage(report_device(report, 0), "libraries");
}

/* What the report says of one library: "ok", "failed", or "absent". */
static const char *library_result(const cJSON *report, const char *name)
{
    const cJSON *library;
    cJSON_ArrayForEach(library, cJSON_GetObjectItem(stage_of(report), "libraries"))
    {
        if (strcmp(report_text(library, "name"), name) == 0)
            return report_text(library, "result");
    }
    return "absent";
}

#define LINKED(...) LIST(run_host("links_cublas"), __VA_ARGS__)
#define SERVER      LIST(run_host("serves"), "accept", "libcublas.so.13", "libcublasLt.so.13", "libcudnn.so.9")

/* Every function whose name begins so, counted. */
static size_t calls_of(const struct journal *journal, const char *prefix)
{
    size_t count = 0;
    for (size_t i = 0; i < journal->count; i++)
        count += strncmp(journal->lines[i].function, prefix, strlen(prefix)) == 0;
    return count;
}

/* Handles, descriptions and scratch memory: as many destroyed as made. */
static void expect_given_back(const struct journal *journal, const char *what)
{
    static const char *const pairs[][2] = {
        {"cublasCreate_v2", "cublasDestroy_v2"},
        {"cublasLtCreate", "cublasLtDestroy"},
        {"cublasLtMatmulDescCreate", "cublasLtMatmulDescDestroy"},
        {"cublasLtMatrixLayoutCreate", "cublasLtMatrixLayoutDestroy"},
        {"cudnnCreate", "cudnnDestroy"},
        {"cudnnCreateTensorDescriptor", "cudnnDestroyTensorDescriptor"},
        {"cudnnCreateFilterDescriptor", "cudnnDestroyFilterDescriptor"},
        {"cudnnCreateConvolutionDescriptor", "cudnnDestroyConvolutionDescriptor"},
        {"cuMemAlloc_v2", "cuMemFree_v2"},
        {"cuStreamCreate", "cuStreamDestroy_v2"},
        {"cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2"},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        size_t made = 0, dropped = 0;
        for (size_t j = 0; j < journal->count; j++) {
            made += strcmp(journal->lines[j].function, pairs[i][0]) == 0 && journal->lines[j].result == 0;
            dropped += strcmp(journal->lines[j].function, pairs[i][1]) == 0;
        }
        cr_expect_eq(made, dropped, "%s: %zu of %s, %zu of %s", what, made, pairs[i][0], dropped, pairs[i][1]);
    }
}

Test(libraries, are_left_alone_by_default)
{
    struct run run = run_program(PRELOADED, LINKED(NULL), LIST(folders("."), report_path()));
    cr_expect_eq(run.status, 3);
    cr_expect_eq(calls_of(journal_read(), "cublas"), 0);
    cr_expect_null(stage_of(report_read(run_scratch("report"))));
}

Test(libraries, are_part_of_all)
{
    struct run run = run_program(PRELOADED, LINKED(NULL), LIST(folders("."), "GPUWARM_STAGES=all"));
    cr_expect_eq(run.status, 3);
    cr_expect_eq(journal_calls(journal_read(), "cublasCreate_v2", NULL), 1);
}

/* Before main, in our own stream, at both sizes in each precision, with the functions of that very library. */
Test(libraries, one_that_is_linked_is_made_ready_at_load)
{
    struct journal *journal = run_same(LINKED(NULL), folders("."), NULL);
    cJSON *report = report_read(run_scratch("report"));
    cr_expect_str_eq(report_text(report, "trigger"), "load");
    cr_expect_str_eq(report_text(report, "result"), "warm");
    cr_expect_str_eq(library_result(report, "libcublas"), "ok");
    cr_expect_str_eq(library_result(report, "libcudnn"), "absent");
    static const char *const products[][2] = {
        {"cublasSgemm_v2", "m=64 n=64 k=64 of=0,0 alpha=1 beta=0 leading=64,64,64 apart=1"},
        {"cublasSgemm_v2", "m=1024 n=1024 k=1024"},
        {"cublasGemmEx", "m=64 n=64 k=64 of=0,0 alpha=1 beta=0 leading=64,64,64 apart=1 types=2,2,2 compute=68"},
        {"cublasGemmEx", "leading=1024,1024,1024 apart=1 types=2,2,2 compute=68"},
        {"cublasGemmEx", "leading=64,64,64 apart=1 types=14,14,14 compute=68"},
        {"cublasGemmEx", "leading=1024,1024,1024 apart=1 types=14,14,14 compute=68"},
    };
    for (size_t i = 0; i < COUNT(products); i++)
        cr_expect_eq(journal_calls(journal, products[i][0], products[i][1]), 1, "%s %s", products[i][0],
                     products[i][1]);
    cr_expect_eq(journal_calls(journal, "cublasSetStream_v2", "stream=(nil)"), 0);
    cr_expect_eq(journal_calls(journal, "cublasSetStream_v2", "has=1 stream=0x"), 1);
    expect_given_back(journal, "linked");
}

Test(libraries, those_that_are_loaded_are_made_ready_at_serve)
{
    struct journal *journal = run_same(SERVER, folders("."), NULL);
    cJSON *report = report_read(run_scratch("report"));
    cr_expect_str_eq(report_text(report, "trigger"), "serve");
    cr_expect_str_eq(library_result(report, "libcublas"), "ok");
    cr_expect_str_eq(library_result(report, "libcublasLt"), "ok");
    cr_expect_str_eq(library_result(report, "libcudnn"), "ok");
    cr_expect_eq(journal_calls(journal, "cublasCreate_v2", NULL), 1);
    cr_expect_eq(journal_calls(journal, "cublasLtMatmul", "has=1 alpha=1 beta=0 apart=1 workspace=0,0"), 6);
    cr_expect_eq(journal_calls(journal, "cublasLtMatmulDescSetAttribute", "attribute=7 value=4 bytes=4"), 6);
    cr_expect_eq(journal_calls(journal, "cudnnConvolutionForward", "has=1 alpha=1 beta=0 apart=1"), 1);
    expect_given_back(journal, "at serve");
}

/* Once each, and the report of the whole is that of the moment before main. */
Test(libraries, those_that_are_loaded_since_load_are_made_ready_at_serve)
{
    struct journal *journal = run_same(LINKED("libcudnn.so.9"), folders("."), NULL);
    cJSON *report = report_read(run_scratch("report"));
    cr_expect_str_eq(report_text(report, "trigger"), "load");
    cr_expect_str_eq(report_text(report, "result"), "warm");
    cr_expect_str_eq(library_result(report, "libcublas"), "ok");
    cr_expect_str_eq(library_result(report, "libcudnn"), "ok");
    cr_expect_eq(journal_calls(journal, "cublasCreate_v2", NULL), 1);
    cr_expect_eq(journal_calls(journal, "cudnnCreate", NULL), 1);
    expect_given_back(journal, "since load");
}

Test(libraries, none_is_loaded_by_us)
{
    struct journal *journal = run_same(LIST(run_host("serves"), "poll", "cuda"), folders("."), NULL);
    cJSON *report = report_read(run_scratch("report"));
    cr_expect_str_eq(report_text(report, "result"), "warm");
    cr_expect_str_eq(report_text(stage_of(report), "result"), "ok");
    cr_expect_eq(calls_of(journal, "cublas") + calls_of(journal, "cudnn"), 0);
    cr_expect_eq(journal_calls(journal, "cuMemAlloc_v2", NULL), 0, "and no scratch memory is needed");
}

static const char *const functions[] = {
#define LIBRARY(soname, parts, create, set_stream, operate, destroy, status_name) create, destroy, set_stream,
#include "../../shim/cuda/libraries.def"
#undef LIBRARY
#define LIBRARY_API(type, name, parameters) #name,
#include "../../shim/cuda/library_api.def"
#undef LIBRARY_API
};

static const char *library_of(const char *function)
{
    return strncmp(function, "cublasLt", 8) == 0 ? "libcublasLt" : function[2] == 'b' ? "libcublas" : "libcudnn";
}

/* One library has failed; the others are ready, and the program has seen nothing. */
static void expect_one_failed(const char *function, const char *error)
{
    cJSON *report = report_read(run_scratch("report"));
    cr_assert_not_null(report, "%s", function);
    cr_expect_str_eq(report_text(report, "result"), "partial", "%s", function);
    cr_expect_not_null(strstr(report_text(report, "reason"), function), "%s: %s", function,
                       report_text(report, "reason"));
    cr_expect_str_eq(report_text(stage_of(report), "error"), error, "%s: %s", function,
                     report_text(stage_of(report), "error"));
    for (const char *const *name = LIST("libcublas", "libcublasLt", "libcudnn"); *name; name++) {
        bool failed = strcmp(*name, library_of(function)) == 0;
        cr_expect_str_eq(library_result(report, *name), failed ? "failed" : "ok", "%s: %s", function, *name);
    }
    cJSON_Delete(report);
}

Test(libraries, every_function_failing)
{
    for (size_t i = 0; i < COUNT(functions); i++) {
        if (!functions[i][0])
            continue;
        bool cudnn = strcmp(library_of(functions[i]), "libcudnn") == 0;
        const char *fault = run_env("SIMCUDA_FAULT=%s=%d", functions[i], cudnn ? 8 : 13);
        struct journal *journal = run_same(SERVER, folders("."), fault);
        expect_one_failed(functions[i], cudnn ? "CUDNN_STATUS_EXECUTION_FAILED" : "CUBLAS_STATUS_EXECUTION_FAILED");
        expect_given_back(journal, fault);
        free(journal);
    }
}

/* "libcublas.so.13" of "libcublas". */
static const char *file_of(const char *library)
{
    return run_env("%s.so.%s", library, strcmp(library, "libcudnn") == 0 ? "9" : "13");
}

/* The parts of cuDNN, which are never opened by the stand-in. */
static void parts_write(const char *folder)
{
    char parts[] =
#define LIBRARY(soname, parts, create, set_stream, operate, destroy, status_name) parts
#include "../../shim/cuda/libraries.def"
#undef LIBRARY
        ;
    for (const char *part = strtok(parts, ","); part; part = strtok(NULL, ","))
        run_write(run_env("%s/libcudnn_%s.so.9", folder, part), "");
}

/* It would end the process if it were called. */
Test(libraries, cudnn_is_left_alone_where_a_part_of_it_is_missing)
{
    const char *folder = run_scratch("parts"), *missing = run_env("%s/libcudnn_cnn.so.9", folder);
    spoil_copy("standins/libcudnn.so.9", folder, LIST(NULL));
    parts_write(folder);
    cr_assert_gt(calls_of(run_same(SERVER, folders(folder), NULL), "cudnn"), 0);
    cr_assert_eq(remove(missing), 0);
    struct journal *journal = run_same(SERVER, folders(folder), NULL);
    cr_expect_eq(calls_of(journal, "cudnn"), 0);
    cr_expect_gt(calls_of(journal, "cublas"), 0);
    cJSON *report = report_read(run_scratch("report"));
    cr_expect_str_eq(report_text(report, "result"), "warm");
    cr_expect_str_eq(library_result(report, "libcudnn"), "absent");
}

Test(libraries, every_function_missing)
{
    for (size_t i = 0; i < COUNT(functions); i++) {
        if (!functions[i][0])
            continue;
        const char *folder = run_scratch(functions[i]);
        spoil_copy(run_env("standins/%s", file_of(library_of(functions[i]))), folder, LIST(functions[i]));
        parts_write(folder);
        struct journal *journal = run_same(SERVER, folders(folder), functions[i]);
        expect_one_failed(functions[i], "CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND");
        free(journal);
    }
}

/* Before CUDA 11.4, with functions of other parameters: nothing of it is called. */
Test(libraries, an_older_one_is_left_alone)
{
    spoil_copy("standins/libcublas.so.13", run_scratch("older"), LIST("cublasGetStatusName"));
    struct journal *journal = run_same(LINKED(NULL), folders(run_scratch("older")), NULL);
    cr_expect_eq(calls_of(journal, "cublas"), 0);
    cr_expect_str_eq(library_result(report_read(run_scratch("report")), "libcublas"), "failed");
}

/* A GPU without bfloat16 answers so. */
Test(libraries, arithmetic_that_the_gpu_lacks_is_no_failure)
{
    for (const char *const *fault = LIST("SIMCUDA_FAULT=cublasGemmEx=15", "SIMCUDA_FAULT=cublasLtMatmul=8"); *fault;
         fault++) {
        run_same(SERVER, folders("."), *fault);
        cr_expect_str_eq(report_text(report_read(run_scratch("report")), "result"), "warm", "%s", *fault);
    }
}

Test(libraries, one_that_takes_long_is_waited_for_and_its_time_reported)
{
    struct journal *journal = run_same(LINKED(NULL), folders("."), "SIMCUDA_LATENCY_MS=cublasCreate_v2=200");
    const cJSON *stage = stage_of(report_read(run_scratch("report")));
    cr_expect_geq(report_number(stage, "ms"), 200);
    cr_expect_geq(report_number(cJSON_GetArrayItem(cJSON_GetObjectItem(stage, "libraries"), 0), "ms"), 200);
    cr_expect_eq(journal_calls(journal, "cublasDestroy_v2", NULL), 1);
}

/* On each device, with its own context current. */
Test(libraries, on_every_device_that_is_warmed)
{
    struct run run = run_program(
        PRELOADED, LINKED(NULL),
        LIST(folders("."), report_path(), "GPUWARM_STAGES=libraries", "GPUWARM_DEVICE=all", "SIMCUDA_DEVICES=3"));
    cr_expect_eq(run.status, 3);
    cr_expect_eq(journal_calls(journal_read(), "cublasCreate_v2", NULL), 3);
    for (int device = 0; device < 3; device++)
        cr_expect_str_eq(
            report_text(report_stage(report_device(report_read(run_scratch("report")), device), "libraries"), "result"),
            "ok");
}

Test(libraries, the_line_names_each)
{
    struct run run =
        run_program(PRELOADED, SERVER,
                    LIST(folders("."), "GPUWARM_STAGES=libraries", "GPUWARM_LOG=info", "SIMCUDA_FAULT=cudnnCreate=8"));
    cr_expect_not_null(strstr(run.err, "libraries failed (libcublas "), "%s", run.err);
    cr_expect_not_null(strstr(run.err, ", libcudnn failed)"), "%s", run.err);
}
