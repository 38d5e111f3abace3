/* SPDX-License-Identifier: MIT */
/*
 * The settings (options.def), read once from an environment. Pure: it takes the environment as an argument, keeps
 * what is wrong with it as text, and says nothing itself.
 */
#ifndef GPUWARM_CONFIG_H
#define GPUWARM_CONFIG_H

#include "base/log.h"
#include "policy/device_list.h"
#include "policy/stages.h"
#include <stdbool.h>

enum trigger_setting { SETTING_AUTO, SETTING_LOAD, SETTING_SERVE, SETTING_FORK, SETTING_SPAWN, SETTING_OFF };

enum { COMPLAINTS_MAX = 8, COMPLAINT_LENGTH = 320 };

/* Strings are borrowed from the environment. */
struct config {
    enum trigger_setting trigger;
    unsigned stages;  /* STAGE_BIT()s, complete: with the stages that the named ones need */
    const char *skip; /* NULL when not set */
    enum log_level log_level;
    const char *log_file; /* NULL: stderr */
    const char *report;   /* NULL: none */
    const char *marker;   /* GPUWARM_MARKER: an ancestor's, NULL when none (marker.h) */
    const char *bad;      /* the complaint that stops the warm-up, NULL when every value that matters is understood */
    const char *off;  /* "NAME=value" of a variable that only means the kill switch (GPUWARM_DISABLE=1): `trigger` says
                       * so too; NULL when there is none */
    const char *asks; /* the setting by which the user has named what to warm, NULL when none */
    unsigned complaint_count;
    char complaints[COMPLAINTS_MAX][COMPLAINT_LENGTH];
    struct device_list devices;
};

/* Fills `config` from a NULL-terminated list of "NAME=value". */
void config_parse(char *const *environment, struct config *config);

/* The names of the trigger settings, in the order of the enumeration; a list as nearest.h has them. */
extern const char trigger_names[];

#endif
