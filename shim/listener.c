/* SPDX-License-Identifier: MIT */
/* See listener.h. */
#include "listener.h"
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* A server has few sockets that listen and they come first; beyond this many nothing is asked. */
enum { ASKED_MAX = 1024 };

static int option(int fd, int name)
{
    int value = 0;
    socklen_t length = sizeof value;
    /* By number: another preloaded library may stand in front of getsockopt, and hold its lock while it calls accept.
     */
    return syscall(SYS_getsockopt, fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

/*
 * The driver's own, which a thread of the driver's polls: "@cuda-uvmfd-4026531836-1234", known from profiles of
 * sandboxes that let it be bound. A warm-up on that thread would wait for a driver that may be waiting for the thread.
 */
static bool is_of_driver(int fd)
{
    static const char name[] = {'\0', 'c', 'u', 'd', 'a', '-'};
    struct sockaddr_un address = {.sun_family = AF_UNSPEC};
    socklen_t length = sizeof address;
    return syscall(SYS_getsockname, fd, &address, &length) == 0 && address.sun_family == AF_UNIX &&
           memcmp(address.sun_path, name, sizeof name) == 0;
}

bool listener_is(int fd, bool tcp)
{
    if (option(fd, SO_ACCEPTCONN) != 1)
        return false;
    if (!tcp)
        return !is_of_driver(fd);
    int domain = option(fd, SO_DOMAIN);
    return domain == AF_INET || domain == AF_INET6;
}

bool listener_polled(const struct pollfd *fds, unsigned long count, bool tcp)
{
    for (unsigned long i = 0; fds && i < count && i < ASKED_MAX; i++)
        if (fds[i].fd >= 0 && fds[i].events & (POLLIN | POLLRDNORM) && listener_is(fds[i].fd, tcp))
            return true;
    return false;
}

/* The set is read as the kernel reads it, in longs, of as many bits as `count` says: it may be larger than fd_set. */
bool listener_selected(int count, const void *reads, bool tcp)
{
    const unsigned long *words = reads;
    const int bits = (int)(sizeof *words * CHAR_BIT);
    for (int fd = 0, asked = 0; words && fd < count && asked < ASKED_MAX; fd++) {
        if (!(words[fd / bits] >> (fd % bits) & 1))
            continue;
        asked++;
        if (listener_is(fd, tcp))
            return true;
    }
    return false;
}
