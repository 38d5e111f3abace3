/* SPDX-License-Identifier: MIT */
/* How a server waits for a connection, by name: poll, ppoll, select, pselect, epoll; in any other way not before
 * accept. */
#ifndef HOST_WAITS_H
#define HOST_WAITS_H

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>

static int wait_for(const char *way, int listener)
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
