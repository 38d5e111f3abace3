/* SPDX-License-Identifier: MIT */
/*
 * A master that opens the driver, listens, and forks workers that block in accept: prefork PORT WORKERS. SIGTERM ends
 * the master and its workers.
 */
#include "gpu.h"
#include "http.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void work(int listening)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (;;) {
        int connection = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        long long accepted = gpu_now();
        if (connection >= 0)
            http_answer(connection, accepted);
    }
}

int main(int argc, char **argv)
{
    int listening = http_listen(argc > 1 ? argv[1] : "0");
    long workers = strtol(argc > 2 ? argv[2] : "2", NULL, 10);
    gpu_load();
    for (long i = 0; i < workers; i++)
        if (fork() == 0)
            work(listening);
    while (wait(NULL) > 0)
        continue;
    return 1;
}
