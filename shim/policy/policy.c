/* SPDX-License-Identifier: MIT */
/* See policy.h. docs/design.md has the same rows as a table; tests/unit/policy.c has one test for each. */
#include "policy/policy.h"
#include <stddef.h>
#include <string.h>

static struct decision never(enum reason reason, const char *detail)
{
    return (struct decision){TRIGGER_NONE, reason, detail};
}

static struct decision load(enum reason reason, const char *detail)
{
    return (struct decision){TRIGGER_LOAD, reason, detail};
}

static struct decision serve(enum reason reason, const char *detail)
{
    return (struct decision){TRIGGER_SERVE, reason, detail};
}

bool policy_is_cuda_executable(const struct facts *facts)
{
    return facts->cuda_library || facts->fat_binary;
}

bool policy_takes_exclusive(const struct config *config, const struct facts *facts, enum trigger trigger)
{
    bool named = config->devices.mode != DEVICE_AUTO && config->trigger != SETTING_AUTO;
    return (policy_is_cuda_executable(facts) && !facts->leads_others) ||
           (named && (trigger == TRIGGER_SERVE || trigger == TRIGGER_FORK));
}

bool policy_is_before_main(enum trigger trigger)
{
    return trigger == TRIGGER_LOAD || trigger == TRIGGER_SPAWN;
}

bool policy_warms_children(enum trigger trigger)
{
    return trigger == TRIGGER_FORK || trigger == TRIGGER_FORK_SERVER;
}

bool policy_device_comes_later(enum trigger trigger)
{
    return trigger == TRIGGER_SPAWN || trigger == TRIGGER_FORK_SERVER;
}

/* A CUDA executable at load, unless something speaks against warming it before main; all others when they serve. */
static struct decision decide_auto(const struct facts *facts)
{
    if (!policy_is_cuda_executable(facts))
        return serve(REASON_NOT_CUDA, NULL);
    if (facts->ancestor == MARKER_ANCESTOR)
        return serve(REASON_ANCESTOR_WARMED, NULL);
    if (facts->forks_with)
        return serve(REASON_FORKS, facts->forks_with);
    if (facts->closes_with)
        return serve(REASON_CLOSES, facts->closes_with);
    if (facts->alone_with)
        return serve(REASON_ALONE, facts->alone_with);
    if (facts->user_with)
        return serve(REASON_CHANGES_USER, facts->user_with);
    if (facts->limits_with)
        return serve(REASON_LIMITS, facts->limits_with);
    if (facts->asks_only)
        return serve(REASON_ASKS_ONLY, NULL);
    if (facts->sets_flags)
        return serve(REASON_SETS_FLAGS, facts->sets_flags);
    if (facts->chooses_with)
        return serve(REASON_CHOOSES_DEVICES, facts->chooses_with);
    if (facts->too_large)
        return serve(REASON_TOO_LARGE, NULL);
    if (facts->injection)
        return serve(REASON_INJECTED, facts->injection);
    return facts->cuda_library ? load(REASON_CUDA_LIBRARY, facts->cuda_library) : load(REASON_FAT_BINARY, NULL);
}

static struct decision decide_load(const struct facts *facts)
{
    if (facts->role == ROLE_FORK_SERVER)
        return never(REASON_FORK_SERVER, NULL);
    if (facts->unpacks)
        return never(REASON_UNPACKS, NULL);
    if (facts->ancestor == MARKER_ANCESTOR)
        return never(REASON_ANCESTOR_WARMED, NULL);
    return load(REASON_ASKED, NULL);
}

/* The workers of a worker are often data loaders, each of which would take a context. */
static struct decision decide_spawn(const struct facts *facts)
{
    if (facts->role == ROLE_NONE)
        return never(REASON_NOT_SPAWNED, NULL);
    if (facts->nested)
        return never(REASON_NESTED, NULL);
    if (facts->ancestor == MARKER_ANCESTOR)
        return never(REASON_ANCESTOR_WARMED, NULL);
    if (facts->role == ROLE_FORK_SERVER)
        return (struct decision){TRIGGER_FORK_SERVER, REASON_WORKERS_SPAWNED, NULL};
    return (struct decision){TRIGGER_SPAWN, REASON_SPAWNED, NULL};
}

struct decision policy_decide(const struct config *config, const struct facts *facts)
{
    if (facts->secure)
        return never(REASON_SECURE, NULL);
    if (facts->skipped)
        return never(REASON_SKIP_LIST, facts->skipped);
    if (config->trigger == SETTING_OFF)
        return config->off ? never(REASON_MEANS_OFF, config->off) : never(REASON_OFF, NULL);
    if (config->devices.mode == DEVICE_NONE)
        return never(REASON_NO_DEVICE, NULL);
    if (config->bad)
        return never(REASON_BAD_SETTING, config->bad);
    if (facts->unreadable)
        return never(REASON_UNREADABLE, NULL);
    if (facts->opened_late)
        return never(REASON_OPENED_LATE, NULL);
    if (facts->role == ROLE_TRACKER)
        return never(REASON_TRACKER, NULL);
    if (config->trigger == SETTING_SERVE)
        return serve(REASON_ASKED_TO_SERVE, NULL);
    if (config->trigger == SETTING_FORK)
        return (struct decision){TRIGGER_FORK, REASON_ASKED_TO_FORK, NULL};
    if (facts->own_driver)
        return serve(REASON_OWN_DRIVER, facts->own_driver);
    if (config->trigger == SETTING_LOAD)
        return decide_load(facts);
    if (config->trigger == SETTING_SPAWN)
        return decide_spawn(facts);
    return decide_auto(facts);
}

const char *policy_reason_text(enum reason reason)
{
    /* One after the other, since each pointer would have to be relocated in every process. */
    static const char texts[] =
#define REASON(name, text) text "\0"
#include "policy/reasons.def"
#undef REASON
        ;
    const char *text = texts;
    for (unsigned i = 0; i < reason; i++)
        text += strlen(text) + 1;
    return text;
}

const char *policy_trigger_name(enum trigger trigger)
{
    static const char names[][8] = {"", "load", "serve", "fork", "spawn", "spawn"};
    return trigger == TRIGGER_NONE ? NULL : names[trigger];
}
