/* SPDX-License-Identifier: MIT */
/* Load on a server of ours: connections that ask again as soon as they are answered, on this one thread. */
#ifndef BENCH_ASK_H
#define BENCH_ASK_H

enum ask { ASK_AGAIN /* on the same connection */, ASK_ANEW /* on a new connection each time */ };

/* Asks the server on this port of the loopback interface for so many milliseconds. Answers per second; 0: it is not
 * there. */
double ask(int port, enum ask how, int ms);

#endif
