/* SPDX-License-Identifier: MIT */
/* For hosts that serve: a TCP socket that listens on loopback, each way to wait for it, and a client. */
#ifndef HOSTS_WAITS_H
#define HOSTS_WAITS_H

#include <netinet/in.h>
#include <poll.h>
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

/* Waits without end in one call; `epoll` is a set that has the listener, made with waits_epoll. */
static inline int waits_once(const char *way, int listener, int epoll)
{
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    struct epoll_event event;
    fd_set set;
    FD_ZERO(&set);
    FD_SET(listener, &set);
    if (strcmp(way, "poll") == 0)
        return poll(&polled, 1, -1);
    if (strcmp(way, "ppoll") == 0)
        return ppoll(&polled, 1, NULL, NULL);
    if (strcmp(way, "select") == 0)
        return select(listener + 1, &set, NULL, NULL, NULL);
    if (strcmp(way, "pselect") == 0)
        return pselect(listener + 1, &set, NULL, NULL, NULL, NULL);
    if (strcmp(way, "epoll") == 0)
        return epoll_wait(epoll, &event, 1, -1);
    return strcmp(way, "accept4") == 0 ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : accept(listener, NULL, NULL);
}

/* -1 for the other ways. */
static inline int waits_epoll(const char *way, int listener)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = strcmp(way, "epoll") == 0 ? epoll_create1(EPOLL_CLOEXEC) : -1;
    if (epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        return -1;
    return epoll;
}

/* Waits half a minute at the most, in a way that is named; in any other way not before accept. */
static inline int wait_for(const char *way, int listener)
{
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    struct epoll_event event = {.events = EPOLLIN};
    struct timeval forever = {30, 0};
    struct timespec long_time = {30, 0};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(listener, &set);
    if (strcmp(way, "poll") == 0)
        return poll(&polled, 1, 30000);
    if (strcmp(way, "ppoll") == 0)
        return ppoll(&polled, 1, &long_time, NULL);
    if (strcmp(way, "select") == 0)
        return select(listener + 1, &set, NULL, NULL, &forever);
    if (strcmp(way, "pselect") == 0)
        return pselect(listener + 1, &set, NULL, NULL, &long_time, NULL);
    if (strcmp(way, "epoll") == 0) {
        int epoll = epoll_create1(EPOLL_CLOEXEC);
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
        return epoll_wait(epoll, &event, 1, 30000);
    }
    return 1;
}

#endif
