/* SPDX-License-Identifier: MIT */
/* See marker.h. */
#include "policy/marker.h"
#include "base/environment.h"
#include "base/number.h"
#include "base/proc.h"
#include "base/text.h"
#include <string.h>
#include <unistd.h>

static void marker_format(const struct marker *marker, struct text *text)
{
    text_format(text, "%ld:%llu:", marker->pid, marker->start);
    if (marker->rank >= 0)
        text_format(text, "%d", marker->rank);
}

/* The length of the decimal number at `text`; 0 when there is none or it is too long to be one of ours. */
static size_t number_length(const char *text)
{
    size_t length = strspn(text, "0123456789");
    return length < 20 ? length : 0;
}

enum marker_relation marker_relate(const char *text, const struct marker *self)
{
    if (!text)
        return MARKER_NONE;
    size_t pid = number_length(text);
    if (pid == 0 || text[pid] != ':')
        return MARKER_NONE;
    const char *start = text + pid + 1;
    size_t start_length = number_length(start);
    if (start_length == 0 || start[start_length] != ':')
        return MARKER_NONE;
    const char *rank = start + start_length + 1;
    if (rank[strspn(rank, "0123456789")] != '\0' || strlen(rank) > 4)
        return MARKER_NONE;
    if ((long)number_read(text, 10, NULL) == self->pid && number_read(start, 10, NULL) == self->start)
        return MARKER_SELF;
    return (*rank ? (int)number_read(rank, 10, NULL) : -1) == self->rank ? MARKER_ANCESTOR : MARKER_OTHER_RANK;
}

unsigned long long marker_start_time(const char *stat)
{
    /* Field 2 is the program's name in parentheses and may hold anything, so fields are counted from its end. */
    const char *at = strrchr(stat, ')');
    for (int field = 2; at && field < 22; field++) {
        at = strchr(at, ' ');
        at += at != NULL;
    }
    return at ? number_read(at, 10, NULL) : 0;
}

unsigned long long marker_start_of(long pid)
{
    char path[32], stat[1024];
    struct text name = text_in(path, sizeof path);
    text_format(&name, "/proc/%ld/stat", pid);
    proc_read(path, stat, sizeof stat);
    return marker_start_time(stat);
}

struct marker marker_self(int rank)
{
    return (struct marker){.pid = getpid(), .start = marker_start_of(getpid()), .rank = rank};
}

void marker_set(char ***environment, const struct marker *self)
{
    char value[64];
    struct text text = text_in(value, sizeof value);
    marker_format(self, &text);
    environment_set(environment, "GPUWARM_MARKER", value);
}
