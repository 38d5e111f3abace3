/* SPDX-License-Identifier: MIT */
/*
 * Preloaded in front of libgpuwarm: writes down when accept and accept4, called by the program and passed through the
 * library, returned with a connection. One line each, "pid ns\n" (CLOCK_MONOTONIC), to the file $WITNESS. It changes
 * nothing else.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void connection_write(void)
{
    int saved = errno;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const char *path = getenv("WITNESS");
    int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (file >= 0) {
        dprintf(file, "%d %lld\n", (int)getpid(), now.tv_sec * 1000000000LL + now.tv_nsec);
        close(file);
    }
    errno = saved;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the header's begin with underscores */
int accept(int listening, __SOCKADDR_ARG address, socklen_t *length)
{
    static int (*next)(int, __SOCKADDR_ARG, socklen_t *);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "accept");
    int connection = next(listening, address, length);
    if (connection >= 0)
        connection_write();
    return connection;
}

int accept4(int listening, __SOCKADDR_ARG address, socklen_t *length, int flags)
{
    static int (*next)(int, __SOCKADDR_ARG, socklen_t *, int);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "accept4");
    int connection = next(listening, address, length, flags);
    if (connection >= 0)
        connection_write();
    return connection;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
