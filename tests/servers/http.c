/* SPDX-License-Identifier: MIT */
/* See http.h. */
#include "http.h"
#include "gpu.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The first descriptor that systemd passes, or -1. */
static int passed_socket(void)
{
    const char *count = getenv("LISTEN_FDS"), *whose = getenv("LISTEN_PID");
    return count && whose && strcmp(count, "1") == 0 && strtol(whose, NULL, 10) == getpid() ? 3 : -1;
}

int http_listen(const char *port)
{
    int listening = passed_socket(), on = 1;
    if (listening >= 0)
        return listening;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)strtol(port, NULL, 10))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listening < 0 || setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listening, (const struct sockaddr *)&address, sizeof address) != 0 || listen(listening, 64) != 0) {
        perror(port);
        exit(1);
    }
    return listening;
}

/* Reads up to the empty line after the headers. false: the other side went away before. */
static int request_read(int connection)
{
    char request[4096];
    size_t used = 0;
    while (used < sizeof request - 1) {
        ssize_t got = read(connection, request + used, sizeof request - 1 - used);
        if (got <= 0)
            return 0;
        used += (size_t)got;
        request[used] = '\0';
        if (strstr(request, "\r\n\r\n"))
            return 1;
    }
    return 0;
}

void http_answer(int connection, long long accepted)
{
    char line[1024] = "", answer[1280];
    if (request_read(connection)) {
        gpu_answer(accepted, line, sizeof line);
        int length = snprintf(answer, sizeof answer, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n%s", line);
        for (int sent = 0; sent < length;) {
            ssize_t wrote = send(connection, answer + sent, (size_t)(length - sent), MSG_NOSIGNAL);
            if (wrote <= 0)
                break;
            sent += (int)wrote;
        }
    }
    close(connection);
}
