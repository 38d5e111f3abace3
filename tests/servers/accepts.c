/* SPDX-License-Identifier: MIT */
/* A server that blocks in accept, and answers one connection after the other: accepts PORT. */
#include "gpu.h"
#include "http.h"
#include <sys/socket.h>

int main(int argc, char **argv)
{
    int listening = http_listen(argc > 1 ? argv[1] : "0");
    gpu_load();
    for (;;) {
        int connection = accept(listening, NULL, NULL);
        long long accepted = gpu_now();
        if (connection >= 0)
            http_answer(connection, accepted);
    }
}
