/* SPDX-License-Identifier: MIT */
/*
 * Where the time of a process's first CUDA use goes: the library's own warm-up, run twice in this process on the first
 * device, with each driver call timed (timed.h). The first pass is what a first use costs, the second what the same
 * calls cost in a process that is warm; under a preloaded libgpuwarm the first pass is what is left for the program.
 * Started by the GPU tests, many times over; prints JSON lines and judges nothing.
 *
 *     gpuwarm-bench
 *
 *     {"event":"start","main_ns":N}                                  CLOCK_MONOTONIC when main began
 *     {"event":"device","name":"...","visible":N}
 *     {"event":"call","pass":1,"call":"cuInit","ms":X,"done_ms":Y,"result":0}      in the order of the calls; done_ms
 *                                            is until the stream has done what an asynchronous call asks for
 *     {"event":"stage","pass":1,"stage":"driver","ms":X,"result":"ok"}
 *     {"event":"pass","pass":1,"ms":X,"result":"warm","problem":""}
 *     {"event":"end","end_ns":N}                                     when all is said: the rest is the process's end
 *
 * Exits with 0 when both passes were warm, else 1.
 */
#include "base/text.h"
#include "cuda/warm.h"
#include "timed.h"
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { PASSES = 2 };

static char output[1 << 18];

static const char *stage_result_name(enum stage_result result)
{
    static const char names[][8] = {"omitted", "ok", "failed", "skipped"};
    return names[result];
}

/* Microseconds matter here: a steady call takes a few. */
static void json_ms(struct text *text, const char *key, long long ns)
{
    text_format(text, ",\"%s\":", key);
    text_decimal_ms(text, ns, 6);
}

static void calls_format(int pass, struct text *text)
{
    unsigned count;
    const struct timed_call *calls = timed_calls(&count);
    for (unsigned i = 0; i < count; i++) {
        text_format(text, "{\"event\":\"call\",\"pass\":%d,\"call\":\"%s\"", pass, calls[i].name);
        json_ms(text, "ms", calls[i].ns);
        json_ms(text, "done_ms", calls[i].done);
        text_format(text, ",\"result\":%d}\n", calls[i].result);
    }
}

static void stages_format(int pass, const struct warmth *warmth, struct text *text)
{
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        const struct stage_outcome *outcome = &warmth->stages[0][stage];
        if (outcome->result == STAGE_OMITTED)
            continue;
        text_format(text, "{\"event\":\"stage\",\"pass\":%d,\"stage\":\"%s\"", pass, stage_name((enum stage)stage));
        json_ms(text, "ms", outcome->ns);
        text_format(text, ",\"result\":\"%s\"}\n", stage_result_name(outcome->result));
    }
}

static void pass_format(int pass, const struct warmth *warmth, struct text *text)
{
    if (pass == 1) {
        text_format(text, "{\"event\":\"device\",\"name\":");
        text_json(text, warmth->devices[0].name);
        text_format(text, ",\"visible\":%d}\n", warmth->visible);
    }
    calls_format(pass, text);
    stages_format(pass, warmth, text);
    text_format(text, "{\"event\":\"pass\",\"pass\":%d", pass);
    json_ms(text, "ms", warmth->ns);
    text_format(text, ",\"result\":\"%s\",\"problem\":", warm_result_name(warmth->result));
    text_json(text, warmth->problem);
    text_format(text, "}\n");
}

/* Nothing is written before both passes are over: a write would be between the calls that are timed. */
int main(void)
{
    static struct warmth warmth;
    const struct device_list first_device = {
        .mode = DEVICE_LISTED, .count = 1, .specs = {{.form = DEVICE_ORDINAL, .ordinal = 0, .text = "0"}}};
    const struct libc libc = timed_libc();
    const struct warm_request request = {.libc = &libc,
                                         .devices = &first_device,
                                         .stages = STAGES_STANDARD,
                                         .rank = -1,
                                         .alone = true,
                                         .takes_exclusive = true};
    struct text text = text_in(output, sizeof output);
    bool warm = true;
    text_format(&text, "{\"event\":\"start\",\"main_ns\":%lld}\n", timed_now());
    for (int pass = 1; pass <= PASSES; pass++) {
        timed_clear();
        warm_run(&request, &warmth);
        warm = warm && warmth.result == WARM_WARM;
        pass_format(pass, &warmth, &text);
    }
    text_format(&text, "{\"event\":\"end\",\"end_ns\":%lld}\n", timed_now());
    for (size_t written = 0; written < text.length;) {
        ssize_t count = write(STDOUT_FILENO, output + written, text.length - written);
        if (count <= 0)
            return 1;
        written += (size_t)count;
    }
    return warm ? 0 : 1;
}
