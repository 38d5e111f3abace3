/* SPDX-License-Identifier: MIT */
/* See request.h. */
#include "request.h"
#include <arpa/inet.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { COUNT = 4096 };

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static bool exchange(int connection, const float *question, float *answer)
{
    uint32_t count = COUNT;
    ssize_t bytes = COUNT * sizeof *question;
    return send(connection, &count, sizeof count, MSG_NOSIGNAL | MSG_MORE) == sizeof count &&
           send(connection, question, (size_t)bytes, MSG_NOSIGNAL) == bytes &&
           recv(connection, answer, (size_t)bytes, MSG_WAITALL) == bytes;
}

bool request_send(int port, double *ms, bool *doubled)
{
    float question[COUNT], answer[COUNT];
    for (int i = 0; i < COUNT; i++)
        question[i] = (float)(i + 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    address.sin_port = htons((uint16_t)port);
    double start = now_ms();
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answered = connection >= 0 && connect(connection, (struct sockaddr *)&address, sizeof address) == 0 &&
                    exchange(connection, question, answer);
    *ms = now_ms() - start;
    if (connection >= 0)
        close(connection);
    *doubled = answered;
    for (int i = 0; answered && i < COUNT; i++)
        *doubled = *doubled && answer[i] == question[i] * 2;
    return answered;
}
