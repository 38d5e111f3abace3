/* SPDX-License-Identifier: MIT */
/* See once.h. GPUWARM_SAID holds the hashes of the messages, eight hexadecimal digits each, comma-separated. */
#include "report/once.h"
#include "base/environment.h"
#include "base/text.h"
#include <stdint.h>
#include <string.h>

static void message_hash(const char *message, char hash[9])
{
    uint32_t value = 2166136261u; /* FNV-1a */
    for (const char *c = message; *c; c++)
        value = (value ^ (unsigned char)*c) * 16777619u;
    struct text text = text_in(hash, 9);
    text_format(&text, "%08x", value);
}

bool once_was_said(const char *said, const char *message)
{
    char hash[9];
    message_hash(message, hash);
    return said && strstr(said, hash);
}

void once_warn(const struct once *once, const char *message)
{
    const char *said = once->environment ? environment_get(*once->environment, "GPUWARM_SAID") : NULL;
    if (once_was_said(said, message) || !log_write(once->log, LOG_WARN, "%s", message))
        return;
    char hash[9], value[256];
    message_hash(message, hash);
    struct text text = text_in(value, sizeof value);
    text_format(&text, "%s%s%s", said ? said : "", said ? "," : "", hash);
    if (!text.truncated)
        environment_set(once->environment, "GPUWARM_SAID", value);
}
