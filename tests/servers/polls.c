/* SPDX-License-Identifier: MIT */
/* A server that waits with poll, ppoll, select or pselect and then accepts: polls PORT FUNCTION. */
#include "gpu.h"
#include "http.h"
#include <poll.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>

static int wait_for_connection(int listening, const char *function)
{
    struct pollfd end = {.fd = listening, .events = POLLIN};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(listening, &set);
    if (strcmp(function, "poll") == 0)
        return poll(&end, 1, -1);
    if (strcmp(function, "ppoll") == 0)
        return ppoll(&end, 1, NULL, NULL);
    if (strcmp(function, "select") == 0)
        return select(listening + 1, &set, NULL, NULL, NULL);
    return pselect(listening + 1, &set, NULL, NULL, NULL, NULL);
}

int main(int argc, char **argv)
{
    int listening = http_listen(argc > 1 ? argv[1] : "0");
    gpu_load();
    while (wait_for_connection(listening, argc > 2 ? argv[2] : "poll") >= 0) {
        int connection = accept(listening, NULL, NULL);
        long long accepted = gpu_now();
        if (connection >= 0)
            http_answer(connection, accepted);
    }
    return 1;
}
