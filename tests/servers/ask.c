/* SPDX-License-Identifier: MIT */
/*
 * The HTTP client: connections from several sockets at once, so that every worker that shares a listening socket comes
 * to serve. HTTP/1.0, one request a connection: the answer ends with it. Nothing here is measured, all is bounded.
 */
#include "server.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COME_UP_MS = 60000, ANSWER_S = 60 };

static const char request[] = "GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";

/* -1: nobody listens. */
static int connection_open(int port)
{
    struct timeval longest = {.tv_sec = ANSWER_S};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    if (connect(connection, (const struct sockaddr *)&address, sizeof address) == 0)
        return connection;
    close(connection);
    return -1;
}

/* Waits until somebody listens: a connection, or -1 when the program ended or is not up in time. */
static int connection_first(int port, pid_t program)
{
    for (int waited = 0; waited < COME_UP_MS; waited += 5) {
        siginfo_t ended = {.si_pid = 0};
        int connection = connection_open(port);
        if (connection >= 0)
            return connection;
        if (waitid(P_PID, (id_t)program, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == program)
            return -1;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return -1;
}

/* The answer's body, if its status is 200; else all that came. Closes the connection. */
static void answer_read(struct served *served, int connection)
{
    char answer[4096];
    size_t used = 0;
    for (ssize_t got = 1; got > 0 && used<sizeof answer - 1; used += got> 0 ? (size_t)got : 0)
        got = read(connection, answer + used, sizeof answer - 1 - used);
    answer[used] = '\0';
    close(connection);
    const char *status = strchr(answer, ' '), *body = strstr(answer, "\r\n\r\n");
    bool good = status && body && strncmp(status, " 200 ", 5) == 0;
    served_add(served, good ? body + 4 : answer);
}

void ask_http(struct served *served, int port, pid_t program)
{
    int connection = connection_first(port, program);
    if (connection < 0) {
        snprintf(served->problem, sizeof served->problem, "it did not come up");
        return;
    }
    while (!served->problem[0] && !served_enough(served) && served->count <= ANSWERS_MAX - CONNECTIONS_AT_ONCE) {
        int connections[CONNECTIONS_AT_ONCE] = {connection};
        for (int i = connection < 0 ? 0 : 1; i < CONNECTIONS_AT_ONCE; i++)
            connections[i] = connection_open(port);
        for (int i = 0; i < CONNECTIONS_AT_ONCE; i++)
            if (send(connections[i], request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1)
                snprintf(served->problem, sizeof served->problem, "a request could not be sent");
        for (int i = 0; i < CONNECTIONS_AT_ONCE; i++)
            answer_read(served, connections[i]);
        connection = -1;
    }
    if (!served->problem[0] && !served_enough(served))
        snprintf(served->problem, sizeof served->problem, "only %d processes served", served->pid_count);
}
