/* SPDX-License-Identifier: MIT */
/* As gloo in PyTorch's library of this name: it listens over TCP, and puts the socket into an epoll set, on whatever
 * thread calls it; 0 when that worked. */
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

int gloo_listen(void);

int gloo_listen(void)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), epoll = epoll_create1(EPOLL_CLOEXEC);
    if (bind(fd, (struct sockaddr *)&loopback, sizeof loopback) != 0 || listen(fd, 8) != 0)
        return -1;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}
