/* SPDX-License-Identifier: MIT */
/* See listener.h. */
#include "listener.h"
#include <limits.h>
#include <sys/socket.h>
#include <sys/syscall.h>
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

bool listener_is(int fd, bool tcp)
{
    if (option(fd, SO_ACCEPTCONN) != 1)
        return false;
    int domain = option(fd, SO_DOMAIN);
    return domain == AF_INET || domain == AF_INET6 || (!tcp && option(fd, SO_TYPE) == SOCK_STREAM);
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
