/* SPDX-License-Identifier: MIT */
/* For hosts that serve: a TCP socket that listens on loopback, each way to wait for it, and a client. */
#ifndef HOSTS_WAITS_H
#define HOSTS_WAITS_H

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in waits_address;

/* The socket, or -1. */
static inline int waits_listen(void)
{
    socklen_t length = sizeof waits_address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    waits_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool made = bind(fd, (struct sockaddr *)&waits_address, length) == 0 && listen(fd, 8) == 0 &&
                getsockname(fd, (struct sockaddr *)&waits_address, &length) == 0;
    return made ? fd : -1;
}

/* A connection to it, that stays; it is made also when nobody accepts. */
static inline int waits_connect(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (struct sockaddr *)&waits_address, sizeof waits_address) == 0 ? fd : -1;
}

/* What _FORTIFY_SOURCE makes of poll and ppoll; and what came with glibc 2.35. NULL in a C library that lacks them. */
extern int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t size) __attribute__((weak));
extern int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
                       size_t size) __attribute__((weak));
#pragma weak epoll_pwait2
#if __GLIBC__ != 2 || __GLIBC_MINOR__ < 35
extern int epoll_pwait2(int epoll, struct epoll_event *events, int count, const struct timespec *timeout,
                        const sigset_t *mask);
#endif

/*
 * Does the C library lack this way? Not asked of the kernel: a call that it refuses is a moment all the same, and
 * refused with and without us.
 */
static inline bool waits_lacks(const char *way)
{
    return (strcmp(way, "poll_chk") == 0 && !__poll_chk) || (strcmp(way, "ppoll_chk") == 0 && !__ppoll_chk) ||
           (strcmp(way, "epoll_pwait2") == 0 && !epoll_pwait2);
}

/* The way is another one. No call that waits returns it. */
enum { WAITS_OTHERWISE = -2 };

static inline int waits_polling(const char *way, int listener, int ms, const struct timespec *timeout)
{
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    if (strcmp(way, "poll") == 0)
        return poll(&polled, 1, ms);
    if (strcmp(way, "ppoll") == 0)
        return ppoll(&polled, 1, timeout, NULL);
    if (strcmp(way, "poll_chk") == 0)
        return __poll_chk(&polled, 1, ms, sizeof polled);
    if (strcmp(way, "ppoll_chk") == 0)
        return __ppoll_chk(&polled, 1, timeout, NULL, sizeof polled);
    return WAITS_OTHERWISE;
}

static inline int waits_selecting(const char *way, int listener, struct timeval *until, const struct timespec *timeout)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(listener, &set);
    if (strcmp(way, "select") == 0)
        return select(listener + 1, &set, NULL, NULL, until);
    if (strcmp(way, "pselect") == 0)
        return pselect(listener + 1, &set, NULL, NULL, timeout, NULL);
    return WAITS_OTHERWISE;
}

static inline int waits_epolling(const char *way, int epoll, int ms, const struct timespec *timeout)
{
    struct epoll_event event;
    if (strcmp(way, "epoll") == 0)
        return epoll_wait(epoll, &event, 1, ms);
    if (strcmp(way, "epoll_pwait") == 0)
        return epoll_pwait(epoll, &event, 1, ms, NULL);
    if (strcmp(way, "epoll_pwait2") == 0)
        return epoll_pwait2(epoll, &event, 1, timeout, NULL);
    return WAITS_OTHERWISE;
}

/* Waits without end in one call; `epoll` is a set that has the listener, made with waits_epoll. */
static inline int waits_once(const char *way, int listener, int epoll)
{
    int ready = waits_polling(way, listener, -1, NULL);
    if (ready == WAITS_OTHERWISE)
        ready = waits_selecting(way, listener, NULL, NULL);
    if (ready == WAITS_OTHERWISE)
        ready = waits_epolling(way, epoll, -1, NULL);
    if (ready != WAITS_OTHERWISE)
        return ready;
    return strcmp(way, "accept4") == 0 ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : accept(listener, NULL, NULL);
}

/* The same with a mask: ppoll or pselect, or else epoll_pwait. */
static inline int waits_masked(const char *way, int listener, int epoll, const sigset_t *mask)
{
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    struct epoll_event event;
    fd_set set;
    FD_ZERO(&set);
    FD_SET(listener, &set);
    if (strcmp(way, "ppoll") == 0)
        return ppoll(&polled, 1, NULL, mask);
    if (strcmp(way, "pselect") == 0)
        return pselect(listener + 1, &set, NULL, NULL, NULL, mask);
    return epoll_pwait(epoll, &event, 1, -1, mask);
}

/* -1 for the other ways. */
static inline int waits_epoll(const char *way, int listener)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = strncmp(way, "epoll", 5) == 0 ? epoll_create1(EPOLL_CLOEXEC) : -1;
    if (epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        return -1;
    return epoll;
}

/* Waits half a minute at the most, in a way that is named; in any other way not before accept. */
static inline int wait_for(const char *way, int listener)
{
    struct timeval until = {30, 0};
    const struct timespec timeout = {30, 0};
    int ready = waits_polling(way, listener, 30000, &timeout);
    if (ready == WAITS_OTHERWISE)
        ready = waits_selecting(way, listener, &until, &timeout);
    if (ready == WAITS_OTHERWISE)
        ready = waits_epolling(way, waits_epoll(way, listener), 30000, &timeout);
    return ready == WAITS_OTHERWISE ? 1 : ready;
}

#endif
