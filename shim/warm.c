/* SPDX-License-Identifier: MIT */
/* See warm.h. */
#include "warm.h"
#include "driver.h"
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
    /* By number: the function asks for GLIBC_2.17, one more version to be checked in every process (libc.h). */
    struct timespec now = {0};
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

const char *warm_result_name(enum warm_result result)
{
    static const char names[][8] = {"warm", "partial", "failed", "skipped"};
    return names[result];
}

static void problem_set(struct warmth *warmth, const char *where, const char *call, const char *what)
{
    if (warmth->problem[0])
        return;
    struct text text = text_in(warmth->problem, sizeof warmth->problem);
    text_format(&text, "%s: %s%s%s", where, call, *call ? ": " : "", what);
}

/* Closes a stage that was started at `start`: one that is not ok has failed. The first failure is put in words. */
static void stage_end(struct warmth *warmth, struct stage_outcome *outcome, enum stage stage, long long start,
                      const struct driver *driver)
{
    outcome->ns = now_ns() - start;
    if (outcome->result == STAGE_OK || outcome->result == STAGE_SKIPPED)
        return;
    outcome->result = STAGE_FAILED;
    outcome->error_name = driver_error_name(driver, outcome->error);
    problem_set(warmth, stage_name(stage), outcome->call, outcome->error_name);
}

static void stages_skip(struct stage_outcome *stages, unsigned which)
{
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        if (which & 1u << stage)
            stages[stage].result = STAGE_SKIPPED;
}

static void stage_run(const struct driver *driver, const struct warm_request *request, enum stage stage,
                      struct stage_outcome *outcome)
{
    if (stage == STAGE_kernel)
        stage_kernel(driver, outcome);
    else if (stage == STAGE_memory)
        stage_memory(driver, request->alone, outcome);
}

/* The stages that need the context, with it current. One that fails leaves the next to be tried. */
static void context_stages(const struct driver *driver, const struct warm_request *request, unsigned which,
                           CUcontext context, struct warmth *warmth, struct stage_outcome *stages)
{
    for (int stage = STAGE_context + 1; stage < STAGE_COUNT; stage++) {
        if (!(which & 1u << stage))
            continue;
        long long start = now_ns();
        struct stage_outcome *outcome = &stages[stage];
        CUcontext popped;
        if (DRIVER_TRY(outcome, driver, cuCtxPushCurrent_v2, context)) {
            stage_run(driver, request, (enum stage)stage, outcome);
            if (!DRIVER_TRY(outcome, driver, cuCtxPopCurrent_v2, &popped))
                outcome->result = STAGE_FAILED;
        }
        stage_end(warmth, outcome, (enum stage)stage, start, driver);
    }
}

/* Not where the device is only our guess: another process would be kept off a GPU that this one may never use. */
static bool takes_exclusive(const struct warm_request *request, const struct warmth *warmth)
{
    bool certain = request->devices->mode != DEVICE_AUTO || request->rank >= 0 || warmth->visible == 1;
    return request->takes_exclusive && certain;
}

static void device_warm(const struct driver *driver, const struct warm_request *request, struct warmth *warmth,
                        unsigned index)
{
    const struct device *device = &warmth->devices[index];
    struct stage_outcome *stages = warmth->stages[index];
    unsigned after_driver = request->stages & ~STAGE_BIT(driver), after_context = after_driver & ~STAGE_BIT(context);
    if (!after_driver)
        return;
    if (!takes_exclusive(request, warmth) && device_is_exclusive(driver, device)) {
        stages_skip(stages, after_driver);
        problem_set(warmth, "context", "",
                    "the device is in EXCLUSIVE_PROCESS mode and may be meant for another process");
        return;
    }
    CUcontext context = NULL;
    long long start = now_ns();
    stage_context(driver, device->handle, &context, &stages[STAGE_context]);
    stage_end(warmth, &stages[STAGE_context], STAGE_context, start, driver);
    if (stages[STAGE_context].result == STAGE_OK)
        context_stages(driver, request, after_context, context, warmth, stages);
    else
        stages_skip(stages, after_context);
}

/* The driver, and the devices that are wanted: part of the same stage, since finding them needs the driver. */
static void open_stage(const struct warm_request *request, struct warmth *warmth, struct driver *driver,
                       struct stage_outcome *outcome, long long start)
{
    char why[sizeof warmth->problem];
    struct text missing = text_in(warmth->missing, sizeof warmth->missing);
    stage_driver(driver, request->libc, request->unless_in_use, outcome, why, sizeof why);
    if (outcome->result == STAGE_OK) {
        warmth->count = device_resolve(driver, request->devices, request->rank, warmth->devices, &warmth->visible,
                                       &missing, outcome);
        outcome->result = outcome->call ? STAGE_FAILED : STAGE_OK;
    }
    if (why[0])
        problem_set(warmth, stage_name(STAGE_driver), "", why);
    stage_end(warmth, outcome, STAGE_driver, start, driver);
}

/* All that was asked for; some of it, at least a context (the driver, where that was all); or nothing. */
static enum warm_result warm_judge(const struct warm_request *request, const struct warmth *warmth)
{
    enum stage goal = request->stages & STAGE_BIT(context) ? STAGE_context : STAGE_driver;
    unsigned reached = 0, failed = warmth->missing[0] != '\0', skipped = 0;
    for (unsigned i = 0; i < warmth->count; i++) {
        reached += warmth->stages[i][goal].result == STAGE_OK;
        for (int stage = 0; stage < STAGE_COUNT; stage++) {
            failed += warmth->stages[i][stage].result == STAGE_FAILED;
            skipped += warmth->stages[i][stage].result == STAGE_SKIPPED;
        }
    }
    if (reached == 0)
        return failed ? WARM_FAILED : WARM_SKIPPED;
    return failed || skipped ? WARM_PARTIAL : WARM_WARM;
}

void warm_run(const struct warm_request *request, struct warmth *warmth)
{
    struct driver driver;
    struct stage_outcome opening = {.result = STAGE_OMITTED};
    long long start = now_ns();
    warmth->count = 0;
    warmth->visible = 0;
    warmth->missing[0] = warmth->problem[0] = '\0';
    open_stage(request, warmth, &driver, &opening, start);
    bool reached = warmth->count > 0;
    if (!reached)
        warmth->devices[warmth->count++] = (struct device){.ordinal = -1};
    memset(warmth->stages, 0, warmth->count * sizeof warmth->stages[0]);
    warmth->stages[0][STAGE_driver] = opening;
    for (unsigned i = 0; reached && i < warmth->count; i++)
        device_warm(&driver, request, warmth, i);
    if (!reached)
        stages_skip(warmth->stages[0], request->stages & ~STAGE_BIT(driver));
    warmth->ns = now_ns() - start;
    warmth->result = warm_judge(request, warmth);
}
