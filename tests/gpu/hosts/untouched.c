/* SPDX-License-Identifier: MIT */
/*
 * What a program finds that has not used CUDA yet: which context is current on its thread, what the primary context's
 * state is, and whether the driver's threads block SIGTERM (a program that takes signals with sigwait needs them to).
 */
#include "host.h"
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Does the thread with this folder in /proc block SIGTERM? */
static bool thread_blocks(const char *task)
{
    char path[300], line[256];
    unsigned long long mask = 0;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", task);
    FILE *status = fopen(path, "re");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "SigBlk:", 7) == 0)
            mask = strtoull(line + 7, NULL, 16);
    if (status)
        fclose(status);
    return mask >> (SIGTERM - 1) & 1;
}

static void threads_say(const char *when)
{
    int threads = 0, blocking = 0;
    usleep(50000); /* a thread that is being started blocks everything for a moment */
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == getpid())
            continue;
        threads++;
        blocking += thread_blocks(entry->d_name);
    }
    if (tasks)
        closedir(tasks);
    SAY("%s: other threads %d, of which block SIGTERM %d\n", when, threads, blocking);
}

static void current_say(const char *when)
{
    CUcontext context = NULL;
    CUresult result = cuCtxGetCurrent(&context);
    SAY("%s: current context %s (%d %s)\n", when, context ? "SET" : "none", result, host_result(result));
}

int main(void)
{
    CUdevice device;
    CUcontext context;
    unsigned flags = 0;
    int active = 0;
    current_say("main");
    threads_say("main");
    if (host_say("cuInit", cuInit(0)) || host_say("cuDeviceGet", cuDeviceGet(&device, 0)))
        return 1;
    current_say("cuInit");
    CUresult result = cuDevicePrimaryCtxGetState(device, &flags, &active);
    SAY("cuInit: primary context flags %u active %d (%d %s)\n", flags, active, result, host_result(result));
    if (host_say("cuDevicePrimaryCtxRetain", cuDevicePrimaryCtxRetain(&context, device)))
        return 1;
    current_say("context");
    threads_say("context");
    return 0;
}
