/* SPDX-License-Identifier: MIT */
/*
 * The journal: one line a call, one write a line. The file is opened for each line: a descriptor kept open would show
 * among the program's own, and would be lost to programs that close all they have.
 */
#include "simcuda.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int64_t simcuda_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void simcuda_journal_write(const struct call *call, int64_t end_ns)
{
    const char *path = simcuda_settings()->journal;
    if (!path[0])
        return;
    char line[512];
    int length =
        snprintf(line, sizeof line, "%lld\t%d\t%ld\t%s\t%d\t%lld\t%s\n", (long long)call->start_ns, getpid(),
                 syscall(SYS_gettid), call->function, call->result, (long long)(end_ns - call->start_ns), call->detail);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return;
    ssize_t written = write(fd, line, (size_t)length);
    (void)written;
    close(fd);
}
