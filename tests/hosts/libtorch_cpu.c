/* SPDX-License-Identifier: MIT */
/*
 * As PyTorch's library of this name. Its gloo listens over TCP, and puts the socket into an epoll set, on whatever
 * thread calls it; 0 when that worked. Its store listens, and gives the socket.
 */
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

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
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}
