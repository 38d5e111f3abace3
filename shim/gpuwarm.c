/* SPDX-License-Identifier: MIT */
/*
 * The library as the program meets it: the one file that knows the moments and exports symbols (none yet). At load,
 * before main, glibc runs this constructor on the program's first thread, without the loader's lock, and nearly always
 * as the only thread: constructors of libraries that the program links ran before and may have started some. Whatever
 * happens here, the program goes on as if nothing had: errno is kept, nothing is thrown, no failure ends the process.
 * The settings are read from the environment as it is now: an earlier constructor may have changed it.
 */
#include "config.h"
#include "environment.h"
#include "facts.h"
#include "libc.h"
#include "log.h"
#include "marker.h"
#include "notice.h"
#include "policy.h"
#include "report.h"
#include "signals.h"
#include "standard.h"
#include "warm.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_BYTES = 640 };

static void reason_format(const struct decision *decision, char *text, size_t size)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, size, policy_reason_text(decision->reason), decision->detail);
#pragma GCC diagnostic pop
}

/* "Simulated GPU 0 (device 0) warm in 484 ms: driver 181, context 250, kernel 30, memory 22" */
static void device_format(const struct device *device, const struct stage_outcome *stages, struct text *text)
{
    long long total = 0;
    unsigned failed = 0;
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        total += stages[stage].ns;
        failed += stages[stage].result == STAGE_FAILED || stages[stage].result == STAGE_SKIPPED;
    }
    if (device->ordinal >= 0)
        text_format(text, "%s (device %d) ", device->name[0] ? device->name : "GPU", device->ordinal);
    text_format(text, failed ? "not all warm after " : "warm in ");
    text_ms(text, total);
    text_format(text, " ms");
    const char *separator = ": ";
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        const struct stage_outcome *outcome = &stages[stage];
        if (outcome->result == STAGE_OMITTED)
            continue;
        text_format(text, "%s%s ", separator, stage_name((enum stage)stage));
        if (outcome->result == STAGE_OK)
            text_ms(text, outcome->ns);
        else
            text_format(text, outcome->result == STAGE_FAILED ? "failed" : "skipped");
        separator = ", ";
    }
}

/* A failure is worth a line by itself only where the warm-up was asked for; `info` has a line for each device. */
static void warmth_log(const struct notices *notices, const struct config *config, const struct warmth *warmth)
{
    const struct log *log = notices->log;
    char message[MESSAGE_BYTES];
    struct text text = text_in(message, sizeof message);
    if (warmth->missing[0]) {
        text_format(&text, "GPUWARM_DEVICE: no device %s; %s", warmth->missing,
                    warmth->devices[0].ordinal < 0 ? "not warmed" : "the others are warmed");
        notice_say(notices, message);
    }
    if (warmth->problem[0] && (warmth->result == WARM_FAILED || warmth->result == WARM_PARTIAL)) {
        text = text_in(message, sizeof message);
        text_format(&text, "%s: %s", warmth->result == WARM_FAILED ? "not warmed" : "warmed in part", warmth->problem);
        if (config->trigger == SETTING_LOAD)
            notice_say(notices, message);
        else
            log_write(log, LOG_INFO, "%s", message);
    }
    for (unsigned i = 0; i < warmth->count && warmth->devices[i].ordinal >= 0; i++) {
        text = text_in(message, sizeof message);
        device_format(&warmth->devices[i], warmth->stages[i], &text);
        log_write(log, LOG_INFO, "%s", message);
    }
}

static void report_say(const struct notices *notices, const struct config *config, const struct report *report)
{
    const char *problem = config->report ? report_write(report, config->report) : NULL;
    if (!problem)
        return;
    char message[MESSAGE_BYTES];
    snprintf(message, sizeof message, "GPUWARM_REPORT=%.300s: %s; no report", config->report, problem);
    notice_say(notices, message);
}

static void load_warm(const struct notices *notices, const struct libc *libc, const struct config *config,
                      const struct process *process, const char *reason)
{
    struct warmth warmth;
    const struct warm_request request = {
        .libc = libc,
        .devices = &config->devices,
        .stages = config->stages,
        .rank = process->rank.local,
        .takes_exclusive = policy_is_cuda_executable(&process->facts),
    };
    /*
     * The driver's threads inherit this thread's signal mask. A program that blocks signals in main, to wait for them
     * with sigwait or a signalfd, would find them delivered to those threads instead, and end (linux-rdma/perftest#68
     * is about a program that blocked them too late).
     */
    struct signals signals;
    unsigned taken = standard_take();
    signals_hold_all(&signals);
    warm_run(&request, &warmth);
    signals_release(&signals);
    standard_free(taken);
    if (warmth.result == WARM_WARM || warmth.result == WARM_PARTIAL) {
        struct marker self = marker_self(process->rank.local);
        marker_set(libc->environment, &self);
    }
    warmth_log(notices, config, &warmth);
    const char *said = warmth.problem[0] ? warmth.problem : reason;
    char missing[MESSAGE_BYTES];
    if (warmth.missing[0]) {
        snprintf(missing, sizeof missing, "no device %s", warmth.missing);
        said = missing;
    }
    report_say(notices, config, &(struct report){process->program.name, said, &warmth});
}

static void load_moment(const struct start *start)
{
    struct image image;
    struct libc libc = {.environment = NULL};
    struct config config;
    struct process process;
    bool found = image_find(start, &image);
    if (found && !libc_find(image.maps, &libc))
        return;
    char *const *environment = libc.environment ? *libc.environment : start->environment;
    config_parse(environment, &config);
    facts_gather(start, found ? &image : NULL, environment, &config, &process);
    struct decision decision = policy_decide(&config, &process.facts);
    bool skipped = decision.reason == REASON_SKIP_LIST;
    const struct log log = {config.log_level, config.log_file};
    const struct notices notices = {&log, libc.environment};
    char reason[MESSAGE_BYTES];
    reason_format(&decision, reason, sizeof reason);
    log_write(&log, decision.load || skipped ? LOG_DEBUG : LOG_INFO, "%s: %s: %s", process.program.name,
              decision.load ? "warming" : "not warmed", reason);
    if (skipped)
        return;
    if (decision.reason != REASON_OFF && decision.reason != REASON_NO_DEVICE)
        for (unsigned i = 0; i < config.complaint_count; i++)
            notice_say(&notices, config.complaints[i]);
    /* Asked for by name and not given: worth a line. */
    if (decision.reason == REASON_NOT_IN_VERSION ||
        (decision.reason == REASON_OWN_DRIVER && config.trigger == SETTING_LOAD))
        notice_say(&notices, reason);
    if (decision.load)
        load_warm(&notices, &libc, &config, &process, reason);
    else
        report_say(&notices, &config, &(struct report){process.program.name, reason, NULL});
}

/*
 * The way out of every shell and tool, by which most processes of a tree leave: no report, no complaint, no call of a
 * function by name (tests/e2e/library.c). The environment of a privileged program is somebody else's: nothing is
 * written anywhere on its behalf.
 */
static bool is_left_alone(const struct start *start)
{
    const struct program program = program_from(start->argc, start->argv);
    const char *level = environment_get(start->environment, "GPUWARM_LOG");
    struct skip skip;
    return start->secure || (program_skip(&program, environment_get(start->environment, "GPUWARM_SKIP"), &skip) &&
                             !(level && strcmp(level, "debug") == 0));
}

__attribute__((constructor)) static void gpuwarm_load(int argc, char **argv, char **environment)
{
    struct start start;
    if (!start_read(argc, argv, environment, &start) || is_left_alone(&start))
        return;
    int saved = errno;
    load_moment(&start);
    errno = saved;
}
