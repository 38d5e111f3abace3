/* SPDX-License-Identifier: MIT */
/* See config.h. */
#include "policy/config.h"
#include "base/text.h"
#include "policy/nearest.h"
#include <string.h>
#include <strings.h>

static const char prefix[] = "GPUWARM_";

/* As nearest.h has lists. */
const char trigger_names[] = "auto\0load\0serve\0fork\0spawn\0off\0";
static const char level_names[] = "off\0error\0warn\0info\0debug\0";
static const char stage_names[] =
#define STAGE(name, needs, standard) #name "\0"
#include "policy/stages.def"
#undef STAGE
    "all\0";
static const unsigned stage_needs[] = {
#define STAGE(name, needs, standard) (needs) | STAGE_BIT(name),
#include "policy/stages.def"
#undef STAGE
    STAGES_ALL,
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A word of a value: not NUL-terminated. */
struct word {
    const char *start;
    size_t length;
};

static int word_find(struct word word, const char *names)
{
    size_t length;
    for (int i = 0; (length = strlen(names)) > 0; i++, names += length + 1)
        if (length == word.length && memcmp(names, word.start, length) == 0)
            return i;
    return -1;
}

/* Sets *choice to the index of `value` among `names`; if it is none of them, *nearest to the one probably meant. */
static bool choice_parse(const char *value, const char *names, int *choice, const char **nearest)
{
    struct word word = {value, strlen(value)};
    *choice = word_find(word, names);
    if (*choice < 0)
        *nearest = nearest_name(word.start, word.length, names);
    return *choice >= 0;
}

static bool parse_DEVICE(const char *value, struct config *config, const char **nearest)
{
    static const char words[] = "auto\0all\0none\0";
    bool understood = device_list_parse(value, &config->devices);
    if (understood && config->devices.mode != DEVICE_NONE)
        config->asks = "GPUWARM_DEVICE";
    if (!understood)
        *nearest = nearest_name(value, strlen(value), words);
    return understood;
}

static bool parse_TRIGGER(const char *value, struct config *config, const char **nearest)
{
    int choice;
    if (!choice_parse(value, trigger_names, &choice, nearest))
        return false;
    config->trigger = (enum trigger_setting)choice;
    return true;
}

static bool parse_STAGES(const char *value, struct config *config, const char **nearest)
{
    unsigned stages = 0;
    for (const char *at = value;; at++) {
        at += strspn(at, " ");
        struct word word = {at, strcspn(at, ", ")};
        int stage = word_find(word, stage_names);
        if (stage < 0) {
            *nearest = nearest_name(word.start, word.length, stage_names);
            return false;
        }
        stages |= stage_needs[stage];
        at += word.length;
        at += strspn(at, " ");
        if (*at == '\0')
            break;
        if (*at != ',')
            return false;
    }
    config->stages = stages | STAGE_BIT(driver);
    config->asks = "GPUWARM_STAGES";
    return true;
}

static bool parse_SKIP(const char *value, struct config *config, const char **nearest)
{
    (void)nearest;
    config->skip = value;
    return true;
}

static bool parse_LOG(const char *value, struct config *config, const char **nearest)
{
    int choice;
    if (!choice_parse(value, level_names, &choice, nearest))
        return false;
    config->log_level = (enum log_level)choice;
    return true;
}

static bool parse_LOG_FILE(const char *value, struct config *config, const char **nearest)
{
    (void)nearest;
    config->log_file = value;
    return true;
}

static bool parse_REPORT(const char *value, struct config *config, const char **nearest)
{
    (void)nearest;
    config->report = value;
    return true;
}

static const char option_names[] =
#define OPTION(name, standard, expected, matters, help) #name "\0"
#include "policy/options.def"
#undef OPTION
    ;

/* The default lies behind what is expected: each pointer would have to be relocated in every process. */
static const struct option {
    const char *expected;
    bool (*parse)(const char *value, struct config *config, const char **nearest);
    bool matters;
} options[] = {
#define OPTION(name, standard, expected, matters, help) {expected "\0" standard, parse_##name, matters},
#include "policy/options.def"
#undef OPTION
};

/*
 * Room for one more complaint; the first about a setting that matters is why nothing is warmed, and has room in any
 * case. false: there are too many, and this one is not kept.
 */
static bool complaint_new(struct config *config, bool matters, struct text *text)
{
    bool stops = matters && !config->bad;
    if (config->complaint_count == COMPLAINTS_MAX && !stops)
        return false;
    if (config->complaint_count < COMPLAINTS_MAX)
        config->complaint_count++;
    char *complaint = config->complaints[config->complaint_count - 1];
    if (stops)
        config->bad = complaint;
    *text = text_in(complaint, COMPLAINT_LENGTH);
    return true;
}

static void complain_value(struct config *config, const struct option *option, struct word name, const char *value,
                           const char *nearest)
{
    struct text text;
    if (!complaint_new(config, option->matters, &text))
        return;
    text_format(&text, "GPUWARM_%.*s=%.100s%s: expected %s", (int)name.length, name.start, value,
                strlen(value) > 100 ? "..." : "", option->expected);
    if (nearest)
        text_format(&text, " (nearest: %s)", nearest);
    if (option->matters)
        text_format(&text, "; not warmed");
    else
        text_format(&text, "; %s applies", option->expected + strlen(option->expected) + 1);
}

static void complain_name(struct config *config, struct word name)
{
    const char *nearest = nearest_name(name.start, name.length, option_names);
    int index = nearest ? word_find((struct word){nearest, strlen(nearest)}, option_names) : -1;
    bool matters = index >= 0 && options[index].matters;
    struct text text;
    if (!complaint_new(config, matters, &text))
        return;
    text_format(&text, "GPUWARM_%.*s: no such setting", (int)(name.length > 60 ? 60 : name.length), name.start);
    if (nearest)
        text_format(&text, " (nearest: GPUWARM_%s)", nearest);
    text_format(&text, matters ? "; not warmed" : "; ignored");
}

/* Is the value a "no"? Compared with its end. */
static bool is_no(const char *value)
{
    static const char words[][6] = {"0", "no", "off", "false"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (strncasecmp(value, words[i], sizeof words[i]) == 0)
            return true;
    return false;
}

/* How else people write the kill switch: a name that denies, or one that affirms with a "no". */
static bool is_kill_switch(struct word name, const char *value)
{
    static const char names[][10] = {"-DISABLE", "-DISABLED", "-OFF", "-KILL", "-STOP", "+ENABLE", "+ENABLED", "+ON"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (strlen(names[i] + 1) == name.length && strncasecmp(name.start, names[i] + 1, name.length) == 0)
            return is_no(value) == (names[i][0] == '+');
    return false;
}

/*
 * What Kubernetes sets in every container for a Service whose name begins so: GPUWARM_DEMO_SERVICE_HOST, _SERVICE_PORT,
 * _SERVICE_PORT_HTTP, _PORT, _PORT_80_TCP and so on.
 */
static bool is_of_kubernetes(struct word name)
{
    static const char service[] = "_SERVICE_", port[] = "_PORT";
    /* From the _ of the prefix on. */
    const char *start = name.start - 1, *found = memmem(start, name.length + 1, port, sizeof port - 1);
    const char *after = found ? found + sizeof port - 1 : NULL;
    return memmem(start, name.length + 1, service, sizeof service - 1) ||
           (after && (after == name.start + name.length || *after == '_'));
}

/* One variable, its name without GPUWARM_. Of two with one name the first counts, as for getenv. */
static void variable_parse(struct config *config, struct word name, const char *value, unsigned *seen)
{
    static const char internal_names[] = "MARKER\0SAID\0";
    int index = word_find(name, option_names);
    int internal = index < 0 ? word_find(name, internal_names) : -1;
    const char *nearest = NULL;
    unsigned bit = index >= 0 ? 1u << index : internal >= 0 ? 1u << (COUNT(options) + (size_t)internal) : 0;
    if (!bit && *value && is_kill_switch(name, value))
        config->off = name.start - (sizeof prefix - 1);
    else if (!bit && *value && !is_of_kubernetes(name))
        complain_name(config, name);
    if (!bit || *seen & bit)
        return;
    *seen |= bit;
    if (internal >= 0)
        config->marker = internal == 0 && *value ? value : config->marker;
    else if (*value && !options[index].parse(value, config, &nearest))
        complain_value(config, &options[index], name, value, nearest);
}

void config_parse(char *const *environment, struct config *config)
{
    unsigned seen = 0;
    config->trigger = SETTING_AUTO;
    config->devices.mode = DEVICE_AUTO;
    config->devices.count = 0;
    config->stages = STAGES_STANDARD;
    config->log_level = LOG_WARN;
    config->skip = config->log_file = config->report = config->marker = config->bad = config->off = config->asks = NULL;
    config->complaint_count = 0;
    for (char *const *entry = environment; entry && *entry; entry++) {
        if (**entry != 'G' || strncmp(*entry, prefix, sizeof prefix - 1) != 0)
            continue;
        const char *name = *entry + sizeof prefix - 1, *equals = strchr(name, '=');
        if (equals)
            variable_parse(config, (struct word){name, (size_t)(equals - name)}, equals + 1, &seen);
    }
    if (config->trigger == SETTING_OFF)
        config->off = NULL;
    else if (config->off)
        config->trigger = SETTING_OFF;
}
