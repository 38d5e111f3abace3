/* SPDX-License-Identifier: MIT */
/* A library whose own threads serve, by its name (shim/elf/sonames.def): waits on a set that it is given. */
#include <sys/epoll.h>

int grpc_wait(int epoll);

int grpc_wait(int epoll)
{
    struct epoll_event event;
    volatile int ready = epoll_wait(epoll, &event, 1, 30000); /* not as its last act: the call is to come from here */
    return ready;
}
