/* SPDX-License-Identifier: MIT */
/*
 * As PyTorch's library of this name. Its gloo listens over TCP, puts the socket into an epoll set and looks whether a
 * rank has come, on whatever thread calls it: 0 when that worked and none had. Its store listens, and gives the socket.
 */
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { WAIT_MS = 1 };

int gloo_listen(void);
int store_listen(void);

int store_listen(void)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return bind(fd, (struct sockaddr *)&loopback, sizeof loopback) == 0 && listen(fd, 8) == 0 ? fd : -1;
}

int gloo_listen(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int fd = store_listen(), epoll = epoll_create1(EPOLL_CLOEXEC);
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    /* None of these as the last act: it would be a jump, and the call be the program's by its return address. */
    int failed = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    failed |= epoll_wait(epoll, &event, 1, WAIT_MS);
    failed |= poll(&polled, 1, WAIT_MS);
    return failed;
}
