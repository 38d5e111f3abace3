/* SPDX-License-Identifier: MIT */
/* See warm.h. */
#include "cuda/warm.h"
#include "base/clock.h"
#include "cuda/driver.h"
#include <string.h>

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
    outcome->ns += clock_ns() - start;
    if (outcome->result == STAGE_OK || outcome->result == STAGE_SKIPPED)
        return;
    outcome->result = STAGE_FAILED;
    if (!outcome->error_name)
        outcome->error_name = driver_error_name(driver, outcome->error);
    problem_set(warmth, stage_name(stage), outcome->call, outcome->error_name);
}

static void stages_skip(struct stage_outcome *stages, unsigned which)
{
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        if (which & 1u << stage)
            stages[stage].result = STAGE_SKIPPED;
}

/* What the stages on one device work with, and what came of them there. */
struct work {
    const struct driver *driver;
    const struct warm_request *request;
    const struct libraries *libraries;
    struct warmth *warmth;
    struct stage_outcome *stages, *library_outcomes;
};

static void stage_run(const struct work *work, enum stage stage, struct stage_outcome *outcome)
{
    if (stage == STAGE_kernel)
        stage_kernel(work->driver, outcome);
    else if (stage == STAGE_memory)
        stage_memory(work->driver, work->request->alone, outcome);
    else if (stage == STAGE_libraries)
        stage_libraries(work->driver, work->libraries, work->library_outcomes, outcome);
}

/*
 * Sets how this thread's calls go with graphs that other threads capture, and gives what it was: unless relaxed, one
 * that may allocate is refused and breaks the capture (CUDA Driver API, cuThreadExchangeStreamCaptureMode; since 10.1).
 */
static bool capture_mode_exchange(const struct work *work, CUstreamCaptureMode *mode)
{
    return !work->request->alone && DRIVER_CALL(work->driver, cuThreadExchangeStreamCaptureMode, mode) == CUDA_SUCCESS;
}

/* The stages that need the context, with it current. One that fails leaves the next to be tried. */
static void context_stages(const struct work *work, unsigned which, CUcontext context)
{
    const struct driver *driver = work->driver;
    CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
    bool exchanged = capture_mode_exchange(work, &mode);
    for (int stage = STAGE_context + 1; stage < STAGE_COUNT; stage++) {
        if (!(which & 1u << stage))
            continue;
        long long start = clock_ns();
        struct stage_outcome *outcome = &work->stages[stage];
        CUcontext popped;
        if (DRIVER_TRY(outcome, driver, cuCtxPushCurrent_v2, context)) {
            stage_run(work, (enum stage)stage, outcome);
            if (!DRIVER_TRY(outcome, driver, cuCtxPopCurrent_v2, &popped))
                outcome->result = STAGE_FAILED;
        }
        stage_end(work->warmth, outcome, (enum stage)stage, start, driver);
    }
    if (exchanged)
        capture_mode_exchange(work, &mode);
}

/* Is the device more than our guess? */
static bool is_certain(const struct warm_request *request, const struct warmth *warmth)
{
    return request->devices->mode != DEVICE_AUTO || request->rank >= 0 || warmth->visible == 1;
}

/* Why nothing is done on the device; NULL: it may be warmed. */
static const char *device_forbidden(const struct work *work, const struct device *device)
{
    const struct warm_request *request = work->request;
    bool certain = is_certain(request, work->warmth);
    if (request->device_comes_later && !certain)
        return "a spawned worker that is told its device later: driver only; GPUWARM_DEVICE names it";
    /* Else another process would be kept off a GPU that this one may never use. */
    if (!(request->takes_exclusive && certain) && device_is_exclusive(work->driver, device))
        return "the device is in EXCLUSIVE_PROCESS mode and may be meant for another process; GPUWARM_DEVICE with "
               "GPUWARM_TRIGGER=serve takes it";
    return NULL;
}

enum { PROCESS_STAGES = STAGE_BIT(prefetch) | STAGE_BIT(driver) };

static void device_warm(const struct work *work, const struct device *device)
{
    struct stage_outcome *stages = work->stages;
    unsigned on_device = work->request->stages & ~PROCESS_STAGES, after_context = on_device & ~STAGE_BIT(context);
    if (!on_device)
        return;
    const char *forbidden = device_forbidden(work, device);
    if (forbidden) {
        stages_skip(stages, on_device);
        problem_set(work->warmth, "context", "", forbidden);
        return;
    }
    /*
     * In a context that the program uses, loading a module and freeing memory may wait for its kernels, which may wait
     * for the program to go on (meta-pytorch/torchcomms#2334, NVIDIA/nccl#48); and it has paid for most of that itself.
     */
    if (!work->request->alone && device_in_use(work->driver, device->handle))
        after_context &= ~(STAGE_BIT(kernel) | STAGE_BIT(memory));
    CUcontext context = NULL;
    long long start = clock_ns();
    stage_context(work->driver, device->handle, &context, &stages[STAGE_context]);
    stage_end(work->warmth, &stages[STAGE_context], STAGE_context, start, work->driver);
    if (stages[STAGE_context].result == STAGE_OK)
        context_stages(work, after_context, context);
    else
        stages_skip(stages, after_context);
}

/* The driver, and the devices that are wanted: part of the same stage, since finding them needs the driver. */
static void open_stage(const struct warm_request *request, struct warmth *warmth, struct driver *driver,
                       struct stage_outcome *outcome)
{
    long long start = clock_ns();
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

static struct work work_on(const struct warm_request *request, struct warmth *warmth, const struct driver *driver,
                           const struct libraries *libraries, unsigned device)
{
    return (struct work){
        .driver = driver,
        .request = request,
        .libraries = libraries,
        .warmth = warmth,
        .stages = warmth->stages[device],
        .library_outcomes = warmth->libraries[device],
    };
}

static void devices_warm(const struct warm_request *request, struct warmth *warmth, const struct driver *driver)
{
    struct libraries libraries = {.held = {NULL}};
    if (request->stages & STAGE_BIT(libraries))
        libraries_open(&libraries, request->libc, request->loaded, 0);
    for (unsigned i = 0; i < warmth->count; i++) {
        struct work work = work_on(request, warmth, driver, &libraries, i);
        device_warm(&work, &warmth->devices[i]);
    }
    warmth->libraries_done = libraries_close(&libraries, request->libc);
}

void warm_run(const struct warm_request *request, struct warmth *warmth)
{
    struct driver driver;
    struct stage_outcome opening = {.result = STAGE_OMITTED}, prefetch = request->prefetched;
    long long start = clock_ns();
    warmth->count = 0;
    warmth->visible = 0;
    warmth->libraries_done = 0;
    warmth->missing[0] = warmth->problem[0] = '\0';
    if (request->stages & STAGE_BIT(prefetch))
        stage_prefetch(prefetch.result == STAGE_OMITTED, request->library_path, request->loaded, &prefetch);
    open_stage(request, warmth, &driver, &opening);
    bool reached = warmth->count > 0;
    if (!reached)
        warmth->devices[warmth->count++] = (struct device){.ordinal = -1};
    memset(warmth->stages, 0, warmth->count * sizeof warmth->stages[0]);
    memset(warmth->libraries, 0, warmth->count * sizeof warmth->libraries[0]);
    warmth->stages[0][STAGE_prefetch] = prefetch;
    warmth->stages[0][STAGE_driver] = opening;
    if (reached)
        devices_warm(request, warmth, &driver);
    else
        stages_skip(warmth->stages[0], request->stages & ~PROCESS_STAGES);
    warmth->ns = clock_ns() - start;
    warmth->result = warm_judge(request, warmth);
}

/*
 * The context is retained once more, and stays so: a handle from before is not valid if the program has reset it. A
 * failure of the libraries that came first is kept.
 */
static void device_warm_libraries(const struct work *work, const struct device *device)
{
    CUcontext context = NULL;
    struct stage_outcome *outcome = &work->stages[STAGE_libraries];
    enum stage_result before = outcome->result;
    long long start = clock_ns();
    outcome->result = STAGE_OMITTED;
    if (DRIVER_TRY(outcome, work->driver, cuDevicePrimaryCtxRetain, &context, device->handle))
        context_stages(work, STAGE_BIT(libraries), context);
    else
        stage_end(work->warmth, outcome, STAGE_libraries, start, work->driver);
    if (before == STAGE_FAILED)
        outcome->result = STAGE_FAILED;
}

static void devices_warm_libraries(const struct warm_request *request, struct warmth *warmth,
                                   const struct libraries *libraries)
{
    char problem[sizeof warmth->problem];
    struct driver driver;
    struct stage_outcome opening = {.result = STAGE_OMITTED};
    stage_driver(&driver, request->libc, false, &opening, problem, sizeof problem);
    for (unsigned i = 0; i < warmth->count && opening.result == STAGE_OK; i++) {
        struct work work = work_on(request, warmth, &driver, libraries, i);
        if (warmth->stages[i][STAGE_context].result == STAGE_OK)
            device_warm_libraries(&work, &warmth->devices[i]);
    }
}

bool warm_libraries(const struct warm_request *request, struct warmth *warmth)
{
    struct libraries libraries;
    long long start = clock_ns();
    libraries_open(&libraries, request->libc, request->loaded, warmth->libraries_done);
    bool any = libraries_any(&libraries);
    if (any)
        devices_warm_libraries(request, warmth, &libraries);
    warmth->libraries_done |= libraries_close(&libraries, request->libc);
    warmth->ns += clock_ns() - start;
    warmth->result = warm_judge(request, warmth);
    return any;
}
