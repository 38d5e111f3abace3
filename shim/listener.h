/* SPDX-License-Identifier: MIT */
/*
 * Is a socket one that listens? Asked of the socket itself: descriptors are duplicated, inherited and passed on, so a
 * list of their numbers would be wrong. May change errno.
 */
#ifndef GPUWARM_LISTENER_H
#define GPUWARM_LISTENER_H

#include <poll.h>
#include <stdbool.h>

/*
 * `tcp`: only one over IPv4 or IPv6 counts. libcuda, Python's multiprocessing and others listen on local sockets. Else
 * also another that gives a stream: libcuda's own, which a thread of its own polls, is of SOCK_SEQPACKET.
 */
bool listener_is(int fd, bool tcp);

/* Does a set as poll or select take it wait for such a socket to be readable? */
bool listener_polled(const struct pollfd *fds, unsigned long count, bool tcp);
bool listener_selected(int count, const void *reads, bool tcp);

#endif
