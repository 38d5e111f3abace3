/* SPDX-License-Identifier: MIT */
/*
 * The simulator's own settings. They are copied out of the environment once, at the first driver call of the process,
 * so that a program which changes its environment later does not change the simulation, and so that nothing here calls
 * getenv at a moment when the real driver would not.
 */
#include "simcuda.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings settings;

static void settings_copy(char *to, size_t size, const char *name)
{
    const char *value = getenv(name);
    snprintf(to, size, "%s", value ? value : "");
}

static void settings_read(void)
{
    char text[16];
    settings_copy(text, sizeof text, "SIMCUDA_DEVICES");
    unsigned long devices = text[0] ? strtoul(text, NULL, 10) : 1;
    settings.devices = devices > SIMCUDA_DEVICES_MAX ? SIMCUDA_DEVICES_MAX : (unsigned)devices;
    settings_copy(text, sizeof text, "SIMCUDA_COMPUTE_MODE");
    settings.exclusive = strcmp(text, "exclusive") == 0;
    settings_copy(text, sizeof text, "SIMCUDA_MIG");
    settings.mig = strcmp(text, "1") == 0;
    settings_copy(text, sizeof text, "SIMCUDA_HELPER");
    settings.helper = strcmp(text, "1") == 0;
    settings_copy(text, sizeof text, "SIMCUDA_FORK_HANDLERS");
    settings.fork_handlers = strcmp(text, "1") == 0;
    settings_copy(text, sizeof text, "SIMCUDA_CPU_MS");
    settings.cpu_ms = (unsigned)strtoul(text, NULL, 10);
    settings_copy(settings.journal, sizeof settings.journal, "SIMCUDA_JOURNAL");
    settings_copy(settings.latencies, sizeof settings.latencies, "SIMCUDA_LATENCY_MS");
    settings_copy(settings.faults, sizeof settings.faults, "SIMCUDA_FAULT");
}

const struct settings *simcuda_settings(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, settings_read);
    return &settings;
}

/* In "name=value,name=value": the value of the first entry of that name after *from; moves *from past it. */
static const char *list_next(const char **from, const char *name)
{
    size_t length = strlen(name);
    const char *entry = *from;
    while (entry && *entry) {
        const char *comma = strchr(entry, ',');
        const char *next = comma ? comma + 1 : entry + strlen(entry);
        if (strncmp(entry, name, length) == 0 && entry[length] == '=') {
            *from = next;
            return entry + length + 1;
        }
        entry = next;
    }
    return NULL;
}

double simcuda_latency_ms(const char *function)
{
    const char *from = simcuda_settings()->latencies;
    const char *value = list_next(&from, function);
    return value ? strtod(value, NULL) : 0;
}

int simcuda_fault(const char *function, unsigned nth)
{
    const char *from = simcuda_settings()->faults;
    const char *value;
    while ((value = list_next(&from, function))) {
        const char *end = value + strcspn(value, ",");
        const char *at = memchr(value, '@', (size_t)(end - value));
        if (at && strtoul(at + 1, NULL, 10) != nth)
            continue;
        if (strncmp(value, "hang", 4) == 0)
            return FAULT_HANG;
        if (strncmp(value, "crash", 5) == 0)
            return FAULT_CRASH;
        return (int)strtol(value, NULL, 10);
    }
    return 0;
}
