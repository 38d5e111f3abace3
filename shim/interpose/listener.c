/* SPDX-License-Identifier: MIT */
/* See listener.h. */
#include "interpose/listener.h"
#include "base/memory.h"
#include "base/text.h"
#include <limits.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A server has few sockets that listen and they come first; beyond this many nothing is asked. */
enum { ASKED_MAX = 64 };

unsigned listener_asked;

static int option(int fd, int name)
{
    int value = 0;
    socklen_t length = sizeof value;
    /* By number: another preloaded library may stand in front of getsockopt, and hold its lock while it calls accept.
     */
    return syscall(SYS_getsockopt, fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/*
 * Local sockets at which nobody is served:
 * - the driver's own, "@cuda-uvmfd-4026531836-1234" (known from profiles of sandboxes that let it be bound), which one
 * of its threads polls: a warm-up there would wait for a driver that may be waiting for the thread;
 * - those of Python's multiprocessing, "/tmp/pymp-x1y2z3w4/listener-a1b2c3d4" or "@listener-1234-0": its forkserver
 * forks every worker after it has come to wait there, and CUDA could not work in them;
 * - gunicorn's control socket, "/root/.gunicorn/gunicorn.ctl" (since 25.1), at which a thread of the master waits: with
 * --preload it would be warmed, and CUDA could not work in the workers that it forks from then on.
 */
static bool is_internal(int fd)
{
    struct {
        struct sockaddr_un address;
        char end;
    } of = {.address = {.sun_family = AF_UNSPEC}, .end = '\0'};
    socklen_t length = sizeof of.address;
    if (syscall(SYS_getsockname, fd, &of.address, &length) != 0 || of.address.sun_family != AF_UNIX)
        return false;
    const char *path = of.address.sun_path;
    if (!path[0])
        return begins(path + 1, "cuda-") || begins(path + 1, "listener-");
    const char *folder = strstr(path, "/pymp-");
    return (folder && strstr(folder, "/listener-")) || strcmp(text_base_name(path), "gunicorn.ctl") == 0;
}

bool listener_counts(int fd, bool tcp)
{
    if (!tcp)
        return !is_internal(fd);
    int domain = option(fd, SO_DOMAIN);
    return domain == AF_INET || domain == AF_INET6;
}

bool listener_is(int fd, bool tcp)
{
    __atomic_fetch_add(&listener_asked, 1, __ATOMIC_RELAXED);
    return option(fd, SO_ACCEPTCONN) == 1 && listener_counts(fd, tcp);
}

/* Only sockets are asked: a filter may allow none to a program that has none. */
bool listener_inherited(void)
{
    enum { FIRST = 3, LAST = 18 };
    struct stat status;
    for (int fd = FIRST; fd <= LAST; fd++)
        if (syscall(SYS_fstat, fd, &status) == 0 && S_ISSOCK(status.st_mode) && option(fd, SO_ACCEPTCONN) == 1)
            return true;
    return false;
}

int listener_polled(const struct pollfd *waited, unsigned long count, bool tcp)
{
    struct pollfd fds[ASKED_MAX];
    size_t bytes = (count < ASKED_MAX ? count : ASKED_MAX) * sizeof *fds;
    if (!waited || memory_read(waited, fds, bytes) < bytes)
        return -1;
    for (size_t i = 0; i < bytes / sizeof *fds; i++)
        if (fds[i].fd >= 0 && fds[i].events & (POLLIN | POLLRDNORM) && listener_is(fds[i].fd, tcp))
            return fds[i].fd;
    return -1;
}

/*
 * The set is read as the kernel reads it, in longs. Of a `count` that is large the kernel reads no more than its own
 * table of descriptors has, which we do not know: programs pass getdtablesize() with a set that is smaller, down to a
 * few bytes. So what is beyond an fd_set is not read, nor what cannot be.
 */
int listener_selected(int count, const void *reads, bool tcp)
{
    unsigned long words[FD_SETSIZE / (sizeof(long) * CHAR_BIT)];
    const int bits = (int)(sizeof *words * CHAR_BIT);
    int passed = count < FD_SETSIZE ? count : FD_SETSIZE;
    if (!reads || passed <= 0)
        return -1;
    size_t wanted = (size_t)((passed + bits - 1) / bits) * sizeof *words;
    int readable = (int)(memory_read(reads, words, wanted) / sizeof *words) * bits;
    for (int fd = 0, asked = 0; fd < passed && fd < readable && asked < ASKED_MAX; fd++) {
        if (!(words[fd / bits] >> (fd % bits) & 1))
            continue;
        asked++;
        if (listener_is(fd, tcp))
            return fd;
    }
    return -1;
}

bool listener_has_client(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    const struct timespec at_once = {0, 0};
    /* By number: poll is a point of cancellation, and hooked. */
    return syscall(SYS_ppoll, &polled, 1UL, &at_once, NULL, 0L) == 1 && polled.revents & POLLIN;
}
