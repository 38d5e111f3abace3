/* SPDX-License-Identifier: MIT */
/*
 * What is expected of a server. A warm-up is recognised by its kernel, which no server here has; its calls are those of
 * a process before the second cuInit, since every answer begins with one of its own.
 */
#include "server.h"
#include <criterion/criterion.h>
#include <string.h>

static const char works[] =
    "cuInit 0, cuCtxGetCurrent 0, no context, cuDevicePrimaryCtxRetain 0, cuCtxPushCurrent_v2 0, "
    "cuMemAlloc_v2 0, cuMemcpyHtoD_v2 0, cuMemcpyDtoH_v2 0, cuMemFree_v2 0, "
    "cuCtxPopCurrent_v2 0, cuCtxGetCurrent 0, no context, same";

static bool answered(const struct served *served, int pid)
{
    for (int i = 0; i < served->pid_count; i++)
        if (served->pids[i] == pid)
            return true;
    return false;
}

/* All requests were answered, by as many processes as there should be, and CUDA works in each. */
void expect_works(const struct served *served)
{
    cr_assert_str_empty(served->problem, "%s\nout: %s\nerr: %s", served->problem, served->out, served->err);
    cr_expect_eq(served->pid_count, served->server->workers, "%d processes served", served->pid_count);
    for (int i = 0; i < served->count; i++)
        cr_expect_str_eq(served->answers[i].text, works, "answer %d, process %d", i, served->answers[i].pid);
    for (size_t i = 0; i < served->journal->count; i++)
        cr_expect(answered(served, served->journal->lines[i].pid), "process %d, which did not serve, called %s",
                  served->journal->lines[i].pid, served->journal->lines[i].function);
}

void expect_same(const struct served *cold, const struct served *warm)
{
    expect_works(cold);
    expect_works(warm);
    cr_expect_eq(journal_calls(cold->journal, "cuLaunchKernel", NULL), 0);
    cr_expect_eq(warm->status, cold->status, "ended with %d, without the library with %d: %s", warm->status,
                 cold->status, warm->err);
    cr_expect_null(strstr(warm->err, "gpuwarm["), "it has nothing to say: %s", warm->err);
    cr_expect_null(strstr(warm->out, "gpuwarm["), "it has nothing to say: %s", warm->out);
}

/* The end of this process's warm-up: it is one, complete, and on the first thread unless that is said otherwise. */
static long long warm_up_end(const struct served *warm, int pid)
{
    long long end = 0;
    int inits = 0, kernels = 0;
    for (size_t i = 0; i < warm->journal->count; i++) {
        const struct journal_line *line = &warm->journal->lines[i];
        if (line->pid != pid)
            continue;
        inits += strcmp(line->function, "cuInit") == 0;
        kernels += strcmp(line->function, "cuLaunchKernel") == 0 && strstr(line->detail, "name=gpuwarm_kernel") != NULL;
        if (inits > 1)
            continue;
        cr_expect_eq(line->result, 0, "%s", line->function);
        cr_expect(warm->server->any_thread || line->tid == pid, "%s on thread %d of process %d", line->function,
                  line->tid, pid);
        end = line->start_ns + line->duration_ns;
    }
    cr_expect_eq(kernels, 1, "process %d was warmed %d times", pid, kernels);
    return end;
}

static void expect_report(const struct served *warm, int pid)
{
    cJSON *report = report_read(run_scratch(run_env("report-%d", pid)));
    cr_assert_not_null(report, "process %d wrote no report", pid);
    cr_expect_str_eq(report_text(report, "result"), "warm");
    cr_expect_str_eq(report_text(report, "trigger"), warm->server->trigger ? warm->server->trigger : "serve");
    cr_expect_eq(report_number(report, "pid"), pid);
    cJSON_Delete(report);
}

/* Each process that served was warmed once, before it was given a connection; no other was. */
void expect_warmed_once(const struct served *warm)
{
    for (int p = 0; p < warm->pid_count; p++) {
        int pid = warm->pids[p], connections = 0;
        long long end = warm_up_end(warm, pid);
        for (int i = 0; i < warm->accepted_count; i++) {
            if (warm->accepted[i].pid != pid)
                continue;
            connections++;
            cr_expect_lt(end, warm->accepted[i].at_ns, "process %d accepted connection %d before it was warm", pid, i);
        }
        cr_expect_eq(connections > 0, !warm->server->queue, "process %d accepted %d connections", pid, connections);
        for (int i = 0; i < warm->count; i++)
            cr_expect(warm->answers[i].pid != pid || warm->answers[i].began_ns > end,
                      "process %d answered before it was warm", pid);
        expect_report(warm, pid);
    }
    cr_expect_eq(journal_calls(warm->journal, "cuLaunchKernel", NULL), (size_t)warm->server->workers);
}

/* No call but those of the answers. */
void expect_not_warmed(const struct served *served)
{
    cr_expect_eq(journal_calls(served->journal, "cuLaunchKernel", NULL), 0);
    cr_expect_eq(journal_calls(served->journal, "cuModuleLoadDataEx", NULL), 0);
    cr_expect_eq(journal_calls(served->journal, "cuInit", NULL), (size_t)served->count);
    cr_expect_eq(journal_calls(served->journal, "cuDevicePrimaryCtxRetain", NULL), (size_t)served->count);
}
