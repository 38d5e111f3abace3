/* SPDX-License-Identifier: MIT */
/*
 * The settings: what every option takes, what it says about what it does not take, and what is wrong enough to stop
 * the warm-up. The options and what is expected of them come from options.def, so a new one is tested for typos here.
 */
#include "policy/config.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array)       (sizeof(array) / sizeof *(array))
#define PARSE(config, ...) config_parse((char *const[]){__VA_ARGS__, NULL}, config)

static const struct {
    const char *name, *expected;
    bool matters;
} options[] = {
#define OPTION(name, standard, expected, matters, help) {#name, expected, matters},
#include "policy/options.def"
#undef OPTION
};

static void assert_defaults(const struct config *config, const char *why)
{
    cr_assert_eq(config->trigger, SETTING_AUTO, "%s: trigger %d", why, config->trigger);
    cr_assert_eq(config->devices.mode, DEVICE_AUTO, "%s: device mode %d", why, config->devices.mode);
    cr_assert_eq(config->devices.count, 0, "%s: %u devices", why, config->devices.count);
    cr_assert_eq(config->stages, STAGES_STANDARD, "%s: stages %#x", why, config->stages);
    cr_assert_eq(config->log_level, LOG_WARN, "%s: log level %d", why, config->log_level);
    cr_assert_null(config->skip, "%s: skip is set", why);
    cr_assert_null(config->log_file, "%s: log_file is set", why);
    cr_assert_null(config->report, "%s: report is set", why);
    cr_assert_null(config->marker, "%s: marker is set", why);
}

static void assert_content(const struct config *config, const char *why)
{
    cr_assert_eq(config->complaint_count, 0, "%s: complains: %s", why, config->complaints[0]);
    cr_assert_null(config->bad, "%s: is bad: %s", why, config->bad);
}

/* What a config holds before it is parsed must not matter. */
static struct config soiled(void)
{
    struct config config;
    memset(&config, 0x5a, sizeof config);
    return config;
}

/* A bad value that does not stop the warm-up leaves the default, and the line says so. */
Test(config, what_applies_instead_of_a_bad_value)
{
#define OPTION(name, standard, expected, matters, help)                                                                \
    if (!(matters) && (standard)[0]) {                                                                                 \
        struct config config = soiled();                                                                               \
        PARSE(&config, "GPUWARM_" #name "=no such value");                                                             \
        cr_assert_eq(config.complaint_count, 1);                                                                       \
        cr_assert_not_null(strstr(config.complaints[0], "; " standard " applies"), "%s", config.complaints[0]);        \
        said++;                                                                                                        \
    }
    int said = 0;
#include "policy/options.def"
#undef OPTION
    cr_assert_gt(said, 0);
}

/* A Service named gpuwarm gives them to every container of its namespace. */
Test(config, what_kubernetes_sets)
{
    struct config config = soiled();
    PARSE(&config, "GPUWARM_SERVICE_HOST=10.0.0.1", "GPUWARM_SERVICE_PORT=80", "GPUWARM_SERVICE_PORT_HTTP=80",
          "GPUWARM_PORT=tcp://10.0.0.1:80", "GPUWARM_PORT_80_TCP_ADDR=10.0.0.1", "GPUWARM_DEMO_SERVICE_HOST=10.0.0.1",
          "GPUWARM_DEVICE_PORT=tcp://10.0.0.1:80", "GPUWARM_REPORT_PORT_80_TCP=tcp://10.0.0.1:80");
    assert_defaults(&config, "Kubernetes");
    assert_content(&config, "Kubernetes");
    PARSE(&config, "GPUWARM_PORTS=1");
    cr_assert_eq(config.complaint_count, 1, "no Service's");
}

Test(config, defaults)
{
    struct config config = soiled();
    config_parse(NULL, &config);
    assert_defaults(&config, "no environment");
    assert_content(&config, "no environment");
    config = soiled();
    config_parse((char *const[]){NULL}, &config);
    assert_defaults(&config, "empty environment");
    assert_content(&config, "empty environment");
}

Test(config, other_variables_are_not_ours)
{
    struct config config = soiled();
    PARSE(&config, "HOME=/", "GPUWARM=off", "GPUWAR_DEVICE=none", "gpuwarm_DEVICE=none", "XGPUWARM_DEVICE=none", "",
          "GPUWARM_DEVICE", "GPUWARMDEVICE=none", "G=1");
    assert_defaults(&config, "other variables");
    assert_content(&config, "other variables");
}

Test(config, empty_is_unset)
{
    for (size_t i = 0; i < COUNT(options); i++) {
        char variable[64];
        struct config config = soiled();
        snprintf(variable, sizeof variable, "GPUWARM_%s=", options[i].name);
        PARSE(&config, variable);
        assert_defaults(&config, variable);
        assert_content(&config, variable);
    }
    struct config config = soiled();
    PARSE(&config, "GPUWARM_MARKER=", "GPUWARM_SAID=");
    assert_defaults(&config, "empty marker");
    assert_content(&config, "empty marker");
}

Test(config, trigger_takes_its_names)
{
    static const struct {
        char *variable;
        enum trigger_setting trigger;
    } rows[] = {{"GPUWARM_TRIGGER=auto", SETTING_AUTO},   {"GPUWARM_TRIGGER=load", SETTING_LOAD},
                {"GPUWARM_TRIGGER=serve", SETTING_SERVE}, {"GPUWARM_TRIGGER=fork", SETTING_FORK},
                {"GPUWARM_TRIGGER=spawn", SETTING_SPAWN}, {"GPUWARM_TRIGGER=off", SETTING_OFF}};
    const char *name = trigger_names;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config config = soiled();
        PARSE(&config, rows[i].variable);
        assert_content(&config, rows[i].variable);
        cr_assert_eq(config.trigger, rows[i].trigger, "%s gave %d", rows[i].variable, config.trigger);
        cr_assert_str_eq(name, strchr(rows[i].variable, '=') + 1);
        name += strlen(name) + 1;
    }
}

/* They are taken at their word. */
Test(config, other_words_for_the_kill_switch)
{
    static char *const rows[] = {"DISABLE=1", "DISABLED=true", "DISABLED=yes", "OFF=1",     "off=on",        "KILL=1",
                                 "STOP=1",    "ENABLED=0",     "ENABLE=off",   "ENABLE=No", "ENABLED=FALSE", "ON=0"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char variable[64];
        struct config config = soiled();
        snprintf(variable, sizeof variable, "GPUWARM_%s", rows[i]);
        PARSE(&config, "GPUWARM_TRIGGER=load", "A=b", variable, "GPUWARM_TRIGGER=serve");
        cr_expect_eq(config.trigger, SETTING_OFF, "%s", variable);
        cr_expect_eq(config.complaint_count, 0, "%s", variable);
        cr_assert_not_null(config.off, "%s", variable);
        cr_expect_str_eq(config.off, variable);
    }
}

Test(config, what_does_not_switch_off)
{
    static char *const variables[] = {"GPUWARM_DISABLE=0", "GPUWARM_DISABLED=false", "GPUWARM_OFF=no",
                                      "GPUWARM_ENABLED=1", "GPUWARM_ENABLE=on",      "GPUWARM_DISABLES=1",
                                      "GPUWARM_OFFLINE=1", "GPUWARM_ENABLED=00"};
    for (size_t i = 0; i < COUNT(variables); i++) {
        struct config config = soiled();
        PARSE(&config, variables[i]);
        assert_defaults(&config, variables[i]);
        cr_expect_eq(config.complaint_count, 1, "%s", variables[i]);
        cr_expect_null(config.off, "%s", variables[i]);
    }
    struct config config = soiled();
    PARSE(&config, "GPUWARM_DISABLE=", "GPUWARM_DISABLE_SERVICE_HOST=10.0.0.1");
    assert_defaults(&config, "unset, and Kubernetes");
    assert_content(&config, "unset, and Kubernetes");
}

Test(config, the_kill_switch_by_its_own_name_too)
{
    struct config config = soiled();
    PARSE(&config, "GPUWARM_OFF=1", "GPUWARM_TRIGGER=off");
    cr_expect_eq(config.trigger, SETTING_OFF);
    cr_expect_null(config.off);
}

Test(config, log_takes_its_names)
{
    static const struct {
        char *variable;
        enum log_level level;
    } rows[] = {{"GPUWARM_LOG=off", LOG_OFF},
                {"GPUWARM_LOG=error", LOG_ERROR},
                {"GPUWARM_LOG=warn", LOG_WARN},
                {"GPUWARM_LOG=info", LOG_INFO},
                {"GPUWARM_LOG=debug", LOG_DEBUG}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config config = soiled();
        PARSE(&config, rows[i].variable);
        assert_content(&config, rows[i].variable);
        cr_assert_eq(config.log_level, rows[i].level, "%s gave %d", rows[i].variable, config.log_level);
    }
}

/* The default that options.def shows people is the one that applies. */
Test(config, defaults_are_as_documented)
{
#define OPTION(name, standard, expected, matters, help)                                                                \
    if (standard[0]) {                                                                                                 \
        struct config config = soiled();                                                                               \
        PARSE(&config, "GPUWARM_" #name "=" standard);                                                                 \
        assert_content(&config, #name);                                                                                \
        assert_defaults(&config, #name);                                                                               \
    }
#include "policy/options.def"
#undef OPTION
}

Test(config, stages_imply_what_they_need)
{
    enum {
        DRIVER = STAGE_BIT(driver),
        CONTEXT = DRIVER | STAGE_BIT(context),
        KERNEL = CONTEXT | STAGE_BIT(kernel),
        MEMORY = CONTEXT | STAGE_BIT(memory),
        LIBRARIES = CONTEXT | STAGE_BIT(libraries)
    };
    static const struct {
        char *variable;
        unsigned stages;
    } rows[] = {{"GPUWARM_STAGES=driver", DRIVER},
                {"GPUWARM_STAGES=context", CONTEXT},
                {"GPUWARM_STAGES=kernel", KERNEL},
                {"GPUWARM_STAGES=memory", MEMORY},
                {"GPUWARM_STAGES=libraries", LIBRARIES},
                {"GPUWARM_STAGES=prefetch", STAGE_BIT(prefetch) | STAGE_BIT(driver)},
                {"GPUWARM_STAGES=memory,kernel", MEMORY | KERNEL},
                {"GPUWARM_STAGES=driver,context", CONTEXT},
                {"GPUWARM_STAGES=driver,driver", DRIVER},
                {"GPUWARM_STAGES= driver ,  context ", CONTEXT},
                {"GPUWARM_STAGES=driver,all", STAGES_ALL},
                {"GPUWARM_STAGES=all", STAGES_ALL}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config config = soiled();
        PARSE(&config, rows[i].variable);
        assert_content(&config, rows[i].variable);
        cr_assert_eq(config.stages, rows[i].stages, "%s gave %#x", rows[i].variable, config.stages);
    }
}

Test(config, device_is_parsed)
{
    static const struct {
        char *variable;
        enum device_mode mode;
        unsigned count;
    } rows[] = {{"GPUWARM_DEVICE=auto", DEVICE_AUTO, 0},
                {"GPUWARM_DEVICE=all", DEVICE_ALL, 0},
                {"GPUWARM_DEVICE=none", DEVICE_NONE, 0},
                {"GPUWARM_DEVICE=cuda", DEVICE_AUTO, 0},
                {"GPUWARM_DEVICE=3", DEVICE_LISTED, 1},
                {"GPUWARM_DEVICE=cuda:1", DEVICE_LISTED, 1},
                {"GPUWARM_DEVICE=0, GPU-8a5e,0000:41:00.0", DEVICE_LISTED, 3}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config config = soiled();
        PARSE(&config, rows[i].variable);
        assert_content(&config, rows[i].variable);
        cr_assert_eq(config.devices.mode, rows[i].mode, "%s gave %d", rows[i].variable, config.devices.mode);
        cr_assert_eq(config.devices.count, rows[i].count, "%s: %u", rows[i].variable, config.devices.count);
    }
}

Test(config, strings_are_borrowed)
{
    char skip[] = "GPUWARM_SKIP=a*,b", log_file[] = "GPUWARM_LOG_FILE=/tmp/%p.log", report[] = "GPUWARM_REPORT=r.json";
    char marker[] = "GPUWARM_MARKER=1:2:3";
    struct config config = soiled();
    PARSE(&config, skip, log_file, report, marker, "GPUWARM_SAID=0123abcd");
    assert_content(&config, "strings");
    cr_assert_eq(config.skip, strchr(skip, '=') + 1);
    cr_assert_eq(config.log_file, strchr(log_file, '=') + 1);
    cr_assert_eq(config.report, strchr(report, '=') + 1);
    cr_assert_eq(config.marker, strchr(marker, '=') + 1);
}

/* One complaint, which begins with `start`, names what is expected and the nearest, and says what follows from it. */
static void assert_complaint(const struct config *config, const char *start, const char *expected, const char *nearest,
                             bool matters)
{
    const char *text = config->complaints[0];
    char wanted[COMPLAINT_LENGTH];
    cr_assert_eq(config->complaint_count, 1, "%s: %u complaints", start, config->complaint_count);
    cr_assert_eq(strncmp(text, start, strlen(start)), 0, "\"%s\" does not begin with \"%s\"", text, start);
    cr_assert_not_null(strstr(text, expected), "\"%s\" does not say \"%s\"", text, expected);
    snprintf(wanted, sizeof wanted, "(nearest: %s)", nearest ? nearest : "");
    cr_assert_eq(strstr(text, nearest ? wanted : "nearest") != NULL, nearest != NULL, "%s: nearest %s", text, wanted);
    cr_assert_eq(strstr(text, "not warmed") != NULL, matters, "%s: should %sstop", text, matters ? "" : "not ");
    cr_assert_eq(config->bad, matters ? text : NULL, "%s: bad is %s", text, config->bad);
}

Test(config, bad_values)
{
    static const struct {
        char *variable;
        int option; /* its index in options.def */
        const char *nearest;
    } rows[] = {
        {"GPUWARM_DEVICE=atuo", 0, "auto"},
        {"GPUWARM_DEVICE=nonee", 0, "none"},
        {"GPUWARM_DEVICE=ALL", 0, "all"},
        {"GPUWARM_DEVICE=cuda:x", 0, NULL},
        {"GPUWARM_DEVICE=0,,1", 0, NULL},
        {"GPUWARM_DEVICE= ", 0, NULL},
        {"GPUWARM_TRIGGER=serv", 1, "serve"},
        {"GPUWARM_TRIGGER=Load", 1, "load"},
        {"GPUWARM_TRIGGER=of", 1, "off"},
        {"GPUWARM_TRIGGER=load ", 1, "load"},
        {"GPUWARM_TRIGGER=sometimes", 1, NULL},
        {"GPUWARM_STAGES=kernal", 2, "kernel"},
        {"GPUWARM_STAGES=driver,memroy", 2, "memory"},
        {"GPUWARM_STAGES=librarys", 2, "libraries"},
        {"GPUWARM_STAGES=driver,", 2, NULL},
        {"GPUWARM_STAGES=,driver", 2, NULL},
        {"GPUWARM_STAGES=driver,,kernel", 2, NULL},
        {"GPUWARM_STAGES=driver context", 2, NULL},
        {"GPUWARM_STAGES= ", 2, NULL},
        {"GPUWARM_LOG=wran", 4, "warn"},
        {"GPUWARM_LOG=INFO", 4, "info"},
        {"GPUWARM_LOG=verbose", 4, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config config = soiled();
        PARSE(&config, rows[i].variable);
        assert_complaint(&config, rows[i].variable, options[rows[i].option].expected, rows[i].nearest,
                         options[rows[i].option].matters);
        assert_defaults(&config, rows[i].variable);
    }
}

Test(config, a_bad_value_leaves_the_others)
{
    struct config config = soiled();
    PARSE(&config, "GPUWARM_LOG=debug", "GPUWARM_STAGES=nothing", "GPUWARM_DEVICE=2");
    cr_assert_eq(config.complaint_count, 1);
    cr_assert_eq(config.bad, config.complaints[0]);
    cr_assert_eq(config.log_level, LOG_DEBUG);
    cr_assert_eq(config.stages, STAGES_STANDARD);
    cr_assert_eq(config.devices.mode, DEVICE_LISTED);
}

Test(config, bad_is_the_first_complaint_that_matters)
{
    struct config config = soiled();
    PARSE(&config, "GPUWARM_LOG=loud", "GPUWARM_TRIGGER=sometimes", "GPUWARM_DEVICE=x");
    cr_assert_eq(config.complaint_count, 3);
    cr_assert_eq(config.bad, config.complaints[1]);
    cr_assert_not_null(strstr(config.bad, "GPUWARM_TRIGGER=sometimes"), "%s", config.bad);
}

/* Each name with its last letter left out, doubled, and with its first two letters swapped. */
Test(config, near_names_stop_the_warm_up_where_the_setting_matters)
{
    for (size_t i = 0; i < COUNT(options); i++)
        for (int way = 0; way < 3; way++) {
            char name[32], variable[64], nearest[64];
            size_t length = strlen(options[i].name);
            struct config config = soiled();
            snprintf(name, sizeof name, "%s", options[i].name);
            if (way == 0)
                name[length - 1] = '\0';
            else if (way == 1)
                snprintf(name, sizeof name, "%s%c", options[i].name, options[i].name[length - 1]);
            else
                snprintf(name, sizeof name, "%c%c%s", options[i].name[1], options[i].name[0], options[i].name + 2);
            snprintf(variable, sizeof variable, "GPUWARM_%s=0", name);
            snprintf(nearest, sizeof nearest, "GPUWARM_%s", options[i].name);
            PARSE(&config, variable);
            *strchr(variable, '=') = ':';
            variable[strlen(variable) - 1] = '\0';
            assert_complaint(&config, variable, "no such setting", nearest, options[i].matters);
            assert_defaults(&config, variable);
        }
}

Test(config, names_in_the_wrong_case_are_near)
{
    struct config config = soiled();
    PARSE(&config, "GPUWARM_device=none");
    assert_complaint(&config, "GPUWARM_device: ", "no such setting", "GPUWARM_DEVICE", true);
    assert_defaults(&config, "wrong case");
}

Test(config, names_near_nothing_are_ignored)
{
    static char *const variables[] = {"GPUWARM_HIPPOPOTAMUS=1", "GPUWARM_WORKERS=2", "GPUWARM_=3"};
    for (size_t i = 0; i < COUNT(variables); i++) {
        char start[64];
        struct config config = soiled();
        snprintf(start, sizeof start, "%.*s: ", (int)strcspn(variables[i], "="), variables[i]);
        PARSE(&config, variables[i]);
        assert_complaint(&config, start, "no such setting; ignored", NULL, false);
        assert_defaults(&config, variables[i]);
    }
}

Test(config, more_complaints_than_there_is_room_for)
{
    enum { VARIABLES = 4 * COMPLAINTS_MAX };
    static char texts[VARIABLES][40];
    char *environment[VARIABLES + 2] = {"GPUWARM_TRIGGER=sometimes"};
    struct {
        struct config config;
        unsigned char guard[64];
    } guarded;
    memset(&guarded, 0x5a, sizeof guarded);
    for (int i = 0; i < VARIABLES; i++) {
        snprintf(texts[i], sizeof texts[i], "GPUWARM_HIPPOPOTAMUS%d=1", i);
        environment[i + 1] = texts[i];
    }
    config_parse(environment, &guarded.config);
    cr_assert_eq(guarded.config.complaint_count, COMPLAINTS_MAX);
    cr_assert_eq(guarded.config.bad, guarded.config.complaints[0]);
    cr_assert_not_null(strstr(guarded.config.bad, "GPUWARM_TRIGGER=sometimes"), "%s", guarded.config.bad);
    for (int i = 0; i < COMPLAINTS_MAX; i++)
        cr_assert_not_null(memchr(guarded.config.complaints[i], '\0', COMPLAINT_LENGTH), "complaint %d has no end", i);
    cr_assert_eq(guarded.config.devices.mode, DEVICE_AUTO);
    for (size_t i = 0; i < sizeof guarded.guard; i++)
        cr_assert_eq(guarded.guard[i], 0x5a, "byte %zu behind the config was written", i);
}

/* The reason in the report is config.bad: it must keep naming the setting that stopped the warm-up. */
Test(config, bad_is_not_overwritten_by_complaints_that_do_not_matter)
{
    for (int before = 0; before < 2 * COMPLAINTS_MAX; before++) {
        char *environment[2 * COMPLAINTS_MAX + 3] = {NULL};
        struct config config = soiled();
        for (int i = 0; i < before; i++)
            environment[i] = "GPUWARM_HIPPOPOTAMUS=1";
        environment[before] = "GPUWARM_TRIGGER=sometimes";
        environment[before + 1] = "GPUWARM_WALRUS=1";
        config_parse(environment, &config);
        cr_assert_not_null(config.bad, "%d complaints before", before);
        cr_assert_not_null(strstr(config.bad, "GPUWARM_TRIGGER=sometimes"), "%d before: %s", before, config.bad);
    }
}

Test(config, first_of_two_equal_names_wins)
{
    struct config config = soiled();
    PARSE(&config, "GPUWARM_TRIGGER=load", "GPUWARM_LOG=off", "GPUWARM_TRIGGER=off", "GPUWARM_LOG=debug");
    assert_content(&config, "equal names");
    cr_assert_eq(config.trigger, SETTING_LOAD);
    cr_assert_eq(config.log_level, LOG_OFF);
    config = soiled();
    PARSE(&config, "GPUWARM_TRIGGER=load", "GPUWARM_TRIGGER=sometimes");
    assert_content(&config, "a bad one behind a good one");
    config = soiled();
    PARSE(&config, "GPUWARM_TRIGGER=sometimes", "GPUWARM_TRIGGER=load");
    cr_assert_eq(config.trigger, SETTING_AUTO);
    cr_assert_not_null(config.bad, "a good one behind a bad one");
    config = soiled();
    PARSE(&config, "GPUWARM_TRIGGER=", "GPUWARM_TRIGGER=load");
    assert_defaults(&config, "one behind an empty one");
}

/* As getenv and setenv have it, which change and read the first. */
Test(config, first_of_two_markers_wins)
{
    struct config config = soiled();
    PARSE(&config, "GPUWARM_MARKER=1:2:3", "GPUWARM_MARKER=4:5:6");
    cr_assert_str_eq(config.marker, "1:2:3");
}

static char *long_text(const char *start, char filler, size_t length, const char *end)
{
    char *text = malloc(length + 1);
    cr_assert_not_null(text);
    memset(text, filler, length);
    text[length] = '\0';
    memcpy(text, start, strlen(start));
    memcpy(text + length - strlen(end), end, strlen(end));
    return text;
}

Test(config, very_long_values_are_cut_off_in_complaints)
{
    static const char *const starts[] = {"GPUWARM_DEVICE=", "GPUWARM_TRIGGER=", "GPUWARM_STAGES=", "GPUWARM_LOG="};
    static const int indices[] = {0, 1, 2, 4};
    for (size_t i = 0; i < COUNT(starts); i++) {
        char *variable = long_text(starts[i], 'x', 100000, "");
        struct config config = soiled();
        PARSE(&config, variable);
        assert_complaint(&config, starts[i], options[indices[i]].expected, NULL, options[indices[i]].matters);
        cr_assert_not_null(strstr(config.complaints[0], "xxx...: expected"), "%s", config.complaints[0]);
        free(variable);
    }
}

Test(config, very_long_strings_are_taken_whole)
{
    char *variable = long_text("GPUWARM_REPORT=", 'r', 100000, "");
    struct config config = soiled();
    PARSE(&config, variable);
    assert_content(&config, "long report");
    cr_assert_eq(strlen(config.report), 100000 - strlen("GPUWARM_REPORT="));
    free(variable);
}

Test(config, very_long_names_are_cut_off)
{
    char *variable = long_text("GPUWARM_", 'X', 100000, "=1");
    struct config config = soiled();
    PARSE(&config, variable);
    assert_complaint(&config, "GPUWARM_XXXXXXXX", "no such setting; ignored", NULL, false);
    free(variable);
}

Test(config, an_unknown_name_without_value_is_unset_too)
{
    static struct config config;
    config_parse((char *const[]){(char *)"GPUWARM_DEVCE=", NULL}, &config);
    cr_expect_eq(config.complaint_count, 0);
    cr_expect_null(config.bad);
}
