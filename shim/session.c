/* SPDX-License-Identifier: MIT */
/* See session.h. */
#include "session.h"
#include "base/environment.h"
#include "base/standard.h"
#include "base/version.h"
#include "policy/marker.h"
#include "report/report.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 640 };

static void reason_format(const struct decision *decision, char *text, size_t size)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, size, policy_reason_text(decision->reason), decision->detail);
#pragma GCC diagnostic pop
}

/* What is loaded and in which C library; false where it is none of ours. */
static bool session_look(struct session *session, const struct start *start, bool *found)
{
    *found = image_find(start, &session->image);
    if (*found && !libc_find(session->image.maps, &session->libc))
        return false;
    if (*found)
        loaded_begin(&session->loaded, session->image.maps, session->libc.single_threaded);
    return true;
}

/* The kill switch comes before anything in the process is looked at but its arguments and variables. */
bool session_open(struct session *session, const struct start *start)
{
    bool found = false;
    char *const *environment = start->environment;
    config_parse(environment, &session->config);
    if (session->config.trigger != SETTING_OFF) {
        if (!session_look(session, start, &found))
            return false;
        /* An earlier constructor may have set variables. */
        if (session->libc.environment && *session->libc.environment != environment) {
            environment = *session->libc.environment;
            config_parse(environment, &session->config);
        }
    }
    const char *library_path = environment_get(start->environment, "LD_LIBRARY_PATH");
    snprintf(session->library_path, sizeof session->library_path, "%s", library_path ? library_path : "");
    facts_gather(start, found ? &session->image : NULL, &session->loaded, environment, &session->config,
                 &session->process);
    session->decision = policy_decide(&session->config, &session->process.facts);
    bool late = session->process.facts.opened_late;
    log_start(&session->log, session->config.log_level, session->config.log_file, late);
    session->report_named = file_named(late ? NULL : session->config.report);
    session->once = (struct once){&session->log, session->libc.environment};
    const struct program *program = &session->process.program;
    snprintf(session->program, sizeof session->program, "%s", program->script ? program->script : program->name);
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
    config->skip = config->marker = config->bad = config->off = NULL;
    /* The environment is the program's from now on. */
    session->once.environment = NULL;
}

/* What the session knows is filled in. */
static void report_say(struct session *session, struct report report)
{
    report.program = session->program;
    report.detail = session->refused && !report.warmth ? policy_reason_text(session->refusal) : NULL;
    report.late = session->late && report.warmth;
    report.forked_after = session->forked_after;
    const char *path = session->config.report,
               *problem = path ? report_write(&report, path, &session->report_named) : NULL;
    if (!problem || session->report_refused)
        return;
    session->report_refused = true;
    char message[MESSAGE_BYTES];
    snprintf(message, sizeof message, "GPUWARM_REPORT=%.300s: %s; no report", path, problem);
    once_warn(&session->once, message);
}

/* Whatever is wrong with the settings, unless nothing was to be done anyway. */
static void complaints_say(const struct session *session)
{
    const struct config *config = &session->config;
    if (config->trigger == SETTING_OFF || config->devices.mode == DEVICE_NONE)
        return;
    for (unsigned i = 0; i < config->complaint_count; i++)
        once_warn(&session->once, config->complaints[i]);
}

/*
 * Of a program on the skip list: what somebody has started and asked for by name, and did not get, is worth a line.
 * Where a program starts another it was the first that was meant, and may read what the second writes to stderr.
 */
static void skip_say(const struct session *session)
{
    char message[MESSAGE_BYTES];
    const enum trigger_setting trigger = session->config.trigger;
    const enum log_level level = session->process.skip_level;
    struct text text = text_in(message, sizeof message);
    text_format(&text, "%s: not warmed: %s", session->program, session->reason);
    if (level == LOG_WARN && (trigger == SETTING_LOAD || trigger == SETTING_SERVE) &&
        !environment_of_parent("GPUWARM_TRIGGER"))
        once_warn(&session->once, message);
    else
        log_write(&session->log, level == LOG_WARN ? LOG_INFO : level, "%s", message);
}

void session_tell(struct session *session)
{
    const struct decision *decision = &session->decision;
    bool waits = decision->trigger != TRIGGER_NONE && decision->trigger != TRIGGER_FORK_SERVER;
    bool now = policy_is_before_main(decision->trigger);
    if (decision->reason == REASON_SKIP_LIST) {
        skip_say(session);
        return;
    }
    log_write(&session->log, now ? LOG_DEBUG : LOG_INFO, "%s: %s: %s%s", session->program,
              now                                        ? "warming"
              : decision->trigger == TRIGGER_SERVE       ? "waits until it serves"
              : policy_warms_children(decision->trigger) ? "waits for its children"
                                                         : "not warmed",
              session->reason, session->log.level == LOG_DEBUG ? " (libgpuwarm " GPUWARM_VERSION ")" : "");
    complaints_say(session);
    /* Asked for by name and not given: worth a line. */
    if (decision->reason == REASON_OWN_DRIVER && session->config.trigger == SETTING_LOAD)
        once_warn(&session->once, session->reason);
    if (!now)
        report_say(session, (struct report){.reason = session->reason, .waiting = waits});
}

static void outcome_format(const char *name, const struct stage_outcome *outcome, struct text *text)
{
    text_format(text, "%s ", name);
    if (outcome->result == STAGE_OK)
        text_ms(text, outcome->ns);
    else
        text_format(text, outcome->result == STAGE_FAILED ? "failed" : "skipped");
}

/* " (libcublas 180, libcudnn failed)" */
static void libraries_format(const struct stage_outcome *libraries, struct text *text)
{
    const char *separator = " (";
    for (unsigned library = 0; library < LIBRARY_COUNT; library++) {
        if (libraries[library].result == STAGE_OMITTED)
            continue;
        text_format(text, "%s", separator);
        outcome_format(library_name(library), &libraries[library], text);
        separator = ", ";
    }
    text_format(text, *separator == ',' ? ")" : " (none is loaded)");
}

/* "Simulated GPU 0 (device 0) warm in 484 ms: driver 181, context 250, kernel 30, memory 22" */
static void device_format(const struct warmth *warmth, unsigned index, struct text *text)
{
    const struct device *device = &warmth->devices[index];
    const struct stage_outcome *stages = warmth->stages[index];
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
        if (stages[stage].result == STAGE_OMITTED)
            continue;
        text_format(text, "%s", separator);
        outcome_format(stage_name((enum stage)stage), &stages[stage], text);
        if (stage == STAGE_prefetch)
            text_format(text, " (%llu MiB)", stages[stage].bytes >> 20);
        if (stage == STAGE_libraries && stages[stage].result != STAGE_SKIPPED)
            libraries_format(warmth->libraries[index], text);
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
        once_warn(&session->once, message);
    }
    if (warmth->problem[0] && warmth->result != WARM_WARM) {
        text = text_in(message, sizeof message);
        text_format(&text, "%s: %s", warmth->result == WARM_PARTIAL ? "warmed in part" : "not warmed", warmth->problem);
        if (session->config.trigger != SETTING_AUTO && warmth->result != WARM_SKIPPED)
            once_warn(&session->once, message);
        else
            log_write(&session->log, LOG_INFO, "%s", message);
    }
    for (unsigned i = 0; i < warmth->count && warmth->devices[i].ordinal >= 0; i++) {
        text = text_in(message, sizeof message);
        device_format(warmth, i, &text);
        text_format(&text, session->late ? "; late: a client was connected before" : "");
        log_write(&session->log, LOG_INFO, "%s", message);
    }
}

/*
 * CUDA_VISIBLE_DEVICES as it is. Before main, and as long as the program's list is the one that was there when it was
 * warmed, it can be read as it stands, and nothing is asked of the system: a filter may allow a program only to end.
 * Else another thread may be changing it. false: not known.
 */
static bool visible_now(const struct session *session, char *now, size_t size)
{
    static const char name[] = "CUDA_VISIBLE_DEVICES";
    char *const *environment = session->libc.environment ? *session->libc.environment : NULL;
    if (environment != session->environment)
        return environment_copy(environment, name, now, size);
    const char *value = environment ? environment_get(environment, name) : NULL;
    snprintf(now, size, "%s", value ? value : "");
    return true;
}

static void visible_keep(struct session *session, enum trigger trigger)
{
    char *const *environment = session->libc.environment ? *session->libc.environment : NULL;
    session->environment = policy_is_before_main(trigger) ? environment : NULL;
    if (!visible_now(session, session->visible, sizeof session->visible))
        session->visible[0] = '\0';
    session->environment = environment;
}

static struct warm_request request_make(const struct session *session, enum trigger trigger)
{
    const struct process *process = &session->process;
    return (struct warm_request){
        .libc = &session->libc,
        .loaded = &session->loaded,
        .devices = &session->config.devices,
        .stages = session->config.stages,
        .rank = process->rank.local,
        .alone = policy_is_before_main(trigger),
        .device_comes_later = policy_device_comes_later(trigger),
        .prefetched = session->prefetched,
        .library_path = session->library_path,
        .takes_exclusive = policy_takes_exclusive(&session->config, &process->facts, trigger),
    };
}

static void warmth_report(struct session *session)
{
    char missing[MESSAGE_BYTES];
    const struct warmth *warmth = &session->warmth;
    const char *said = warmth->problem[0] ? warmth->problem : session->reason;
    if (warmth->missing[0]) {
        snprintf(missing, sizeof missing, "no device %s", warmth->missing);
        said = missing;
    }
    report_say(session,
               (struct report){.reason = said, .trigger = policy_trigger_name(session->warmed_at), .warmth = warmth});
}

static void warmth_say(struct session *session)
{
    warmth_log(session, &session->warmth);
    warmth_report(session);
}

void session_warm(struct session *session, enum trigger trigger, bool late, const char *reason)
{
    struct warmth *warmth = &session->warmth;
    struct warm_request request = request_make(session, trigger);
    request.unless_in_use = late;
    const bool before_main = policy_is_before_main(trigger);
    unsigned taken = standard_take();
    warm_run(&request, warmth);
    standard_free(taken);
    session->warmed_at = trigger;
    if (before_main && (warmth->result == WARM_WARM || warmth->result == WARM_PARTIAL)) {
        struct marker self = marker_self(session->process.rank.local);
        marker_set(session->libc.environment, &self);
    }
    visible_keep(session, trigger);
    if (reason != session->reason)
        snprintf(session->reason, sizeof session->reason, "%s", reason);
    warmth_say(session);
}

bool session_has_libraries(const struct session *session)
{
    return session->config.stages & STAGE_BIT(libraries) && session->warmth.devices[0].ordinal >= 0;
}

void session_warm_libraries(struct session *session)
{
    const struct warm_request request = request_make(session, TRIGGER_SERVE);
    unsigned taken = standard_take();
    bool any = warm_libraries(&request, &session->warmth);
    standard_free(taken);
    if (any)
        warmth_say(session);
}

void session_prefetch(struct session *session)
{
    if (session->config.stages & STAGE_BIT(prefetch))
        stage_prefetch(true, session->library_path, &session->loaded, &session->prefetched);
}

bool session_wants_words(const struct session *session)
{
    return session->config.report || session->log.level >= LOG_INFO;
}

bool session_report_is_own(const struct session *session)
{
    return session->config.report && strstr(session->config.report, "%p");
}

void session_skip(struct session *session, bool so_far, const char *reason)
{
    log_write(&session->log, LOG_INFO, "%s: not warmed%s: %s", session->program, so_far ? " so far" : "", reason);
    report_say(session, (struct report){.reason = reason});
}

void session_wait(struct session *session)
{
    report_say(session, (struct report){.reason = session->reason, .waiting = true});
}

/* Why it was not warmed in the end: what spoke against it at its start, where that was more than that it has to serve.
 */
static void end_explain(const struct session *session, struct text *text)
{
    const struct decision *decision = &session->decision;
    const bool held_back = !session->refused && policy_is_cuda_executable(&session->process.facts) &&
                           decision->reason != REASON_ASKED_TO_SERVE && decision->reason != REASON_ASKED_TO_FORK;
    text_format(text, "%s", held_back ? session->reason : policy_reason_text(session->refusal));
    if (held_back && decision->reason != REASON_OWN_DRIVER)
        text_format(text, "; GPUWARM_TRIGGER=load warms it all the same");
}

void session_end(struct session *session, enum reason refusal, bool asked)
{
    char why[MESSAGE_BYTES];
    struct text text = text_in(why, sizeof why);
    if (!session->refused)
        session->refusal = refusal;
    end_explain(session, &text);
    session->refused = true;
    if (asked)
        log_write(&session->log, LOG_WARN, "%s: ends, and was not warmed, though %s is set: %s", session->program,
                  session->config.asks, why);
    else
        log_write(&session->log, LOG_INFO, "%s: ends, and was not warmed: %s", session->program, why);
    report_say(session, (struct report){.reason = session->reason, .ends = true});
}

void session_tell_forks(struct session *session, const char *trigger)
{
    if (!session->forked_told)
        log_write(&session->log, LOG_INFO,
                  "%s: forked after it was warmed: CUDA cannot work in a child that does not call exec; "
                  "GPUWARM_TRIGGER=%s warms such processes themselves",
                  session->program, trigger);
    session->forked_told = session->forked_after;
    warmth_report(session);
}

/* Nothing is asked of the system before there is something to say: a filter may allow a program only to end. */
void session_check_visible(const struct session *session, pid_t warmed)
{
    char now[sizeof session->visible];
    if (visible_now(session, now, sizeof now) && strcmp(now, session->visible) != 0 && getpid() == warmed)
        log_write(
            &session->log, LOG_WARN,
            "the program set CUDA_VISIBLE_DEVICES to \"%.100s\" after it was warmed with \"%.100s\": too late for "
            "the driver; export it, or set GPUWARM_TRIGGER=%s",
            now, session->visible, session->decision.trigger == TRIGGER_LOAD ? "serve" : "off");
}
