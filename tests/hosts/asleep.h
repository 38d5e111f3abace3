/* SPDX-License-Identifier: MIT */
/* For hosts that must act while a thread waits: in the call that it is known to come to, or in the driver before. */
#ifndef HOSTS_ASLEEP_H
#define HOSTS_ASLEEP_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Returns when the thread was found asleep ten times in a row, or after half a minute: longer than a lock is held. */
static inline void asleep_await(pid_t process, pid_t thread)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", process, thread);
    for (int turn = 0, seen = 0; turn < 6000 && seen < 10; turn++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
        text[length > 0 ? length : 0] = '\0';
        if (fd >= 0)
            close(fd);
        const char *state = strrchr(text, ')');
        seen = state && state[2] == 'S' ? seen + 1 : 0;
        usleep(5000);
    }
}

static inline pid_t asleep_self(void)
{
    return (pid_t)syscall(SYS_gettid);
}

#endif
