/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: an environment of settings. Each line of the input is one variable; every second value of its first byte
 * stands for a setting (options.def), whose name is put in front. Whatever comes in, every string that comes out ends,
 * and a setting that matters is either understood or complained about.
 */
#include "policy/config.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { VARIABLES_MAX = 64 };

static const char *const names[] = {
#define OPTION(name, standard, expected, matters, help) "GPUWARM_" #name "=",
#include "policy/options.def"
#undef OPTION
    "GPUWARM_MARKER=",
    "GPUWARM_SAID=",
    "GPUWARM_",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A variable in memory of exactly its size, so that a read beyond its end is seen. */
static char *variable_make(const uint8_t *line, size_t length)
{
    const char *name = "";
    size_t number = length ? line[0] % (2 * COUNT(names)) : COUNT(names);
    if (number < COUNT(names)) {
        name = names[number];
        line++, length--;
    }
    char *variable = malloc(strlen(name) + length + 1);
    if (!variable)
        abort();
    memcpy(variable, name, strlen(name));
    memcpy(variable + strlen(name), line, length);
    variable[strlen(name) + length] = '\0';
    return variable;
}

static void check(const struct config *config)
{
    if (config->complaint_count > COMPLAINTS_MAX || config->devices.count > DEVICES_MAX)
        abort();
    for (unsigned i = 0; i < config->complaint_count; i++)
        if (!memchr(config->complaints[i], '\0', COMPLAINT_LENGTH))
            abort();
    for (unsigned i = 0; i < config->devices.count; i++)
        if (!memchr(config->devices.specs[i].text, '\0', sizeof config->devices.specs[i].text))
            abort();
    if (!(config->stages & STAGE_BIT(driver)) || config->stages & ~(unsigned)STAGES_ALL)
        abort();
    if (config->bad && config->complaint_count == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *environment[VARIABLES_MAX + 1] = {NULL};
    size_t count = 0;
    while (size && count < VARIABLES_MAX) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t length = end ? (size_t)(end - data) : size;
        environment[count++] = variable_make(data, length);
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    struct config config;
    config_parse(environment, &config);
    check(&config);
    while (count)
        free(environment[--count]);
    return 0;
}
