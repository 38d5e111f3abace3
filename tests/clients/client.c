/* SPDX-License-Identifier: MIT */
/* See client.h. */
#include "client.h"
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENVIRONMENT_MAX = 32 };

struct client client_run(const char *const *argv, const char *const *environment)
{
    const char *report = run_scratch("report"), *with_report[ENVIRONMENT_MAX] = {NULL};
    size_t count = 0;
    for (; environment && environment[count]; count++)
        with_report[count] = environment[count];
    cr_assert_lt(count, ENVIRONMENT_MAX - 1);
    with_report[count] = run_env("GPUWARM_REPORT=%s", report);
    struct client client = {.cold = run_program(PLAIN, argv, with_report)};
    client.own = journal_read();
    journal_clear();
    remove(report);
    client.warm = run_program(PRELOADED, argv, with_report);
    client.calls = journal_read();
    client.warm_up = client.calls->count > client.own->count ? client.calls->count - client.own->count : 0;
    client.report = report_read(report);
    return client;
}

/* The detail of a call without addresses, which differ from run to run. */
static const char *detail_shown(const struct journal_line *line)
{
    char *shown = strdup(line->detail), *to = shown;
    for (const char *from = line->detail; *from;) {
        if (from[0] == '0' && from[1] == 'x') {
            from += 2 + strspn(from + 2, "0123456789abcdef");
            *to++ = '*';
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return shown;
}

void client_expect_same(const struct client *client)
{
    cr_expect_eq(client->warm.status, client->cold.status, "%d, without the library %d: %s", client->warm.status,
                 client->cold.status, client->warm.err);
    cr_expect_str_eq(client->warm.out, client->cold.out);
    cr_expect_str_eq(client->warm.err, client->cold.err);
    cr_assert_geq(client->calls->count, client->own->count);
    for (size_t i = 0; i < client->own->count; i++) {
        const struct journal_line *cold = &client->own->lines[i], *warm = &client->calls->lines[client->warm_up + i];
        cr_assert_str_eq(warm->function, cold->function, "call %zu", i);
        cr_assert_eq(warm->result, cold->result, "call %zu, %s: %d, not %d", i, cold->function, warm->result,
                     cold->result);
        cr_assert_str_eq(detail_shown(warm), detail_shown(cold), "call %zu, %s", i, cold->function);
    }
}

void client_expect_left_alone(const struct client *client)
{
    client_expect_same(client);
    cr_expect_eq(client->warm_up, 0, "%zu calls more than without the library", client->warm_up);
}

/* Has the report's only device these stages, done, and no others? */
static void expect_stages(const cJSON *report, const char *stages)
{
    const cJSON *stage;
    char done[64] = "";
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(report_device(report, 0), "stages"))
    {
        cr_expect_str_eq(report_text(stage, "result"), "ok");
        size_t used = strlen(done);
        snprintf(done + used, sizeof done - used, "%s%s", used ? "," : "", report_text(stage, "name"));
    }
    cr_expect_str_eq(done, stages);
}

void client_expect_warmed(const struct client *client, const char *stages)
{
    client_expect_same(client);
    cr_assert_not_null(client->report);
    cr_expect_str_eq(report_text(client->report, "result"), "warm");
    expect_stages(client->report, stages);
    cr_assert_gt(client->warm_up, 0);
    const struct journal *calls = client->calls;
    int pid = (int)report_number(client->report, "pid");
    cr_expect(strcmp(calls->lines[0].function, "cuInit") == 0, "%s", calls->lines[0].function);
    for (size_t i = 0; i < client->warm_up; i++) {
        cr_expect_eq(calls->lines[i].pid, pid, "in the client itself");
        cr_expect_eq(calls->lines[i].tid, pid, "on the first thread");
        cr_expect_eq(calls->lines[i].result, 0, "%s", calls->lines[i].function);
    }
    const struct journal_line *last = &calls->lines[client->warm_up - 1], *next = &calls->lines[client->warm_up];
    cr_expect_eq(journal_calls(calls, "cuLaunchKernel", "name=gpuwarm_kernel"), strstr(stages, "kernel") != NULL);
    if (client->own->count > 0)
        cr_expect_geq(next->start_ns, last->start_ns + last->duration_ns, "ended before the client's first call");
}
