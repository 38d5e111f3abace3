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
 * `tcp`: only one over IPv4 or IPv6 counts. libcuda, Python's multiprocessing and others listen on local sockets; those
 * of these never count.
 */
bool listener_is(int fd, bool tcp);

/* How many descriptors that was asked of; who sets limits sets it to 0. */
extern unsigned listener_asked;

/*
 * Did one come through exec? Asked of the descriptors 3 to 18 at the start: from systemd (sd_listen_fds(3)) or another
 * activator, or from the process itself before it was executed anew (reloaders, upgrades in place).
 */
bool listener_inherited(void);

/* Of a socket that is about to listen: will it count? */
bool listener_counts(int fd, bool tcp);

/*
 * The first such socket that a set as poll or select take it waits for to be readable; -1: none. The set may be
 * anywhere, also where nothing can be read: then there is none, as the kernel refuses it.
 */
int listener_polled(const struct pollfd *waited, unsigned long count, bool tcp);
int listener_selected(int count, const void *reads, bool tcp);

/* Has a client connected whom nobody has accepted yet? Asked of a socket that listens, without waiting. */
bool listener_has_client(int fd);

#endif
