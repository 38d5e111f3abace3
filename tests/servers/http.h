/* SPDX-License-Identifier: MIT */
/* The little of HTTP/1.0 that the servers in C and C++ speak: a listening socket, and one answer for one connection. */
#ifndef SERVERS_HTTP_H
#define SERVERS_HTTP_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A socket that listens on 127.0.0.1: the one that systemd's protocol passes (LISTEN_FDS, LISTEN_PID), else a new one
 * on this port. Ends the program where there is none.
 */
int http_listen(const char *port);

/* Reads a request, answers it with gpu_answer(), closes the connection. `accepted`: when it was, as gpu_now() says. */
void http_answer(int connection, long long accepted);

#ifdef __cplusplus
}
#endif

#endif
