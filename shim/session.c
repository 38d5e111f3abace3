/* SPDX-License-Identifier: MIT */
/* See session.h. */
#include "session.h"
#include "environment.h"
#include "marker.h"
#include "report.h"
#include "standard.h"
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

bool session_open(struct session *session, const struct start *start)
{
    bool found = image_find(start, &session->image);
    if (found && !libc_find(session->image.maps, &session->libc))
        return false;
    char *const *environment = session->libc.environment ? *session->libc.environment : start->environment;
    config_parse(environment, &session->config);
    facts_gather(start, found ? &session->image : NULL, environment, &session->config, &session->process);
    session->decision = policy_decide(&session->config, &session->process.facts);
    session->log = (struct log){session->config.log_level, session->config.log_file};
    session->notices = (struct notices){&session->log, session->libc.environment};
    snprintf(session->program, sizeof session->program, "%s", session->process.program.name);
    reason_format(&session->decision, session->reason, sizeof session->reason);
    return true;
}

static const char *kept(const char *string, char *copy, size_t size)
{
    if (!string)
        return NULL;
    snprintf(copy, size, "%s", string);
    return copy;
}

void session_keep(struct session *session)
{
    struct config *config = &session->config;
    session->log.file = config->log_file = kept(config->log_file, session->log_file, sizeof session->log_file);
    config->report = kept(config->report, session->report, sizeof session->report);
    config->skip = config->marker = config->bad = NULL;
    /* The environment is the program's from now on. */
    session->notices.environment = NULL;
}

static void report_say(const struct session *session, const struct report *report)
{
    const char *path = session->config.report, *problem = path ? report_write(report, path) : NULL;
    if (!problem)
        return;
    char message[MESSAGE_BYTES];
    snprintf(message, sizeof message, "GPUWARM_REPORT=%.300s: %s; no report", path, problem);
    notice_say(&session->notices, message);
}

void session_tell(const struct session *session, const struct start *start)
{
    const struct decision *decision = &session->decision;
    bool waits = decision->trigger != TRIGGER_NONE, skipped = decision->reason == REASON_SKIP_LIST;
    log_write(&session->log, decision->trigger == TRIGGER_LOAD || skipped ? LOG_DEBUG : LOG_INFO, "%s: %s: %s",
              session->program,
              decision->trigger == TRIGGER_LOAD    ? "warming"
              : decision->trigger == TRIGGER_SERVE ? "waits until it serves"
              : decision->trigger == TRIGGER_FORK  ? "waits for its children"
                                                   : "not warmed",
              session->reason);
    (void)start;
    if (skipped)
        return;
    if (decision->reason != REASON_OFF && decision->reason != REASON_NO_DEVICE)
        for (unsigned i = 0; i < session->config.complaint_count; i++)
            notice_say(&session->notices, session->config.complaints[i]);
    /* Asked for by name and not given: worth a line. */
    if (decision->reason == REASON_OWN_DRIVER && session->config.trigger == SETTING_LOAD)
        notice_say(&session->notices, session->reason);
    if (decision->trigger != TRIGGER_LOAD)
        report_say(session, &(struct report){session->program, session->reason, NULL, NULL, waits});
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
static void warmth_log(const struct session *session, const struct warmth *warmth)
{
    char message[MESSAGE_BYTES];
    struct text text = text_in(message, sizeof message);
    if (warmth->missing[0]) {
        text_format(&text, "GPUWARM_DEVICE: no device %s; %s", warmth->missing,
                    warmth->devices[0].ordinal < 0 ? "not warmed" : "the others are warmed");
        notice_say(&session->notices, message);
    }
    if (warmth->problem[0] && (warmth->result == WARM_FAILED || warmth->result == WARM_PARTIAL)) {
        text = text_in(message, sizeof message);
        text_format(&text, "%s: %s", warmth->result == WARM_FAILED ? "not warmed" : "warmed in part", warmth->problem);
        if (session->config.trigger != SETTING_AUTO)
            notice_say(&session->notices, message);
        else
            log_write(&session->log, LOG_INFO, "%s", message);
    }
    for (unsigned i = 0; i < warmth->count && warmth->devices[i].ordinal >= 0; i++) {
        text = text_in(message, sizeof message);
        device_format(&warmth->devices[i], warmth->stages[i], &text);
        log_write(&session->log, LOG_INFO, "%s", message);
    }
}

/* Not later: at serve another thread may be changing the environment, and the program has settled it by then. */
static void visible_keep(struct session *session)
{
    const char *value =
        session->libc.environment ? environment_get(*session->libc.environment, "CUDA_VISIBLE_DEVICES") : NULL;
    snprintf(session->visible, sizeof session->visible, "%s", value ? value : "");
}

void session_warm(struct session *session, enum trigger trigger, bool late, const char *reason)
{
    struct warmth warmth;
    const struct process *process = &session->process;
    const struct warm_request request = {
        .libc = &session->libc,
        .devices = &session->config.devices,
        .stages = session->config.stages,
        .rank = process->rank.local,
        .unless_in_use = late,
        .alone = trigger == TRIGGER_LOAD,
        .takes_exclusive = trigger != TRIGGER_LOAD || policy_is_cuda_executable(&process->facts),
    };
    unsigned taken = standard_take();
    warm_run(&request, &warmth);
    standard_free(taken);
    if (trigger == TRIGGER_LOAD)
        visible_keep(session);
    if (trigger == TRIGGER_LOAD && (warmth.result == WARM_WARM || warmth.result == WARM_PARTIAL)) {
        struct marker self = marker_self(process->rank.local);
        marker_set(session->libc.environment, &self);
    }
    warmth_log(session, &warmth);
    const char *said = warmth.problem[0] ? warmth.problem : reason;
    char missing[MESSAGE_BYTES];
    if (warmth.missing[0]) {
        snprintf(missing, sizeof missing, "no device %s", warmth.missing);
        said = missing;
    }
    report_say(session,
               &(struct report){session->program, said, policy_trigger_name(trigger), &warmth, .waiting = false});
}

void session_give_up(const struct session *session, const char *reason)
{
    log_write(&session->log, LOG_INFO, "%s: not warmed: %s", session->program, reason);
    report_say(session, &(struct report){session->program, reason, NULL, NULL, .waiting = false});
}

void session_check_visible(const struct session *session)
{
    char now[sizeof session->visible];
    if (session->decision.trigger != TRIGGER_LOAD || !session->libc.environment ||
        !environment_copy(*session->libc.environment, "CUDA_VISIBLE_DEVICES", now, sizeof now))
        return;
    if (strcmp(now, session->visible) != 0)
        log_write(
            &session->log, LOG_WARN,
            "the program set CUDA_VISIBLE_DEVICES to \"%.100s\" after it was warmed with \"%.100s\": too late for "
            "the driver; export it, or set GPUWARM_TRIGGER=serve",
            now, session->visible);
}
