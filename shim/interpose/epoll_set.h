/* SPDX-License-Identifier: MIT */
/*
 * What is in an epoll set, as the kernel tells it (proc(5), /proc/PID/fdinfo; since Linux 3.8). How a socket came into
 * the set does not matter: libuv (uvloop, node) puts it there through io_uring, which no hook sees.
 */
#ifndef GPUWARM_EPOLL_SET_H
#define GPUWARM_EPOLL_SET_H

#include <stdbool.h>

/*
 * A socket that listens (listener.h, `tcp`) and that the set, or a set in it, waits for to be readable; -1: none, or
 * the kernel does not tell (gVisor, no /proc). Takes 7 us where ten sockets are in the set, 1.2 ms where there are a
 * thousand (measured on a CPU). Signals are blocked meanwhile, so that no handler leaves by siglongjmp with a
 * descriptor open. May change errno.
 */
int epoll_set_listener(int set, bool tcp);

/* A line of such a file. */
struct epoll_line {
    int fd; /* its number when it was put there; another file may have it now */
    unsigned events;
    unsigned long long inode; /* 0: the line has none (before Linux 4.3) */
};

/* Reads a line "tfd: 5 events: 19 data: 5 pos:0 ino:61af sdev:7"; false: it is another one. Pure. */
bool epoll_line_read(const char *text, struct epoll_line *line);

#endif
