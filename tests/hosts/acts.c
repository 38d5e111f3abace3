// link: acts
/* SPDX-License-Identifier: MIT */
/*
 * acts MOMENT MICROSECONDS ACTION END [handles]: lives through the moment at which it may be warmed, while a thread of
 * its own does something to the process (libacts.h) so many microseconds after its start. MOMENT: `load` (the thread
 * starts before main), `serve` (comes to wait for a connection, for 20 ms), `fork` (forks two children, which do so and
 * exit; one is killed, by what time it gets), `main` (nothing). END, where the action leaves it: `return`, `exit`,
 * `_exit`, `abort`, `exec`. `handles`: has a handler for SIGTERM.
 */
#include "libacts.h"
#include <dlfcn.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SERVES_MS = 20 };

static void handle(int signal)
{
    (void)signal;
}

static void serve(void)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct pollfd polled = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .events = POLLIN};
    if (bind(polled.fd, (struct sockaddr *)&loopback, sizeof loopback) == 0 && listen(polled.fd, 4) == 0)
        poll(&polled, 1, SERVES_MS);
    close(polled.fd);
}

static void fork_two(useconds_t after)
{
    pid_t children[2];
    for (int i = 0; i < 2; i++)
        if ((children[i] = fork()) == 0) {
            serve();
            exit(ENDS_CHILD);
        }
    usleep(after);
    kill(children[0], after % 2 ? SIGTERM : SIGKILL);
    for (int i = 0; i < 2; i++)
        child_wait(children[i], i == 0);
}

int main(int argc, char **argv)
{
    pthread_t thread;
    if (argc < 5)
        return 1;
    if (argc > 5)
        sigaction(SIGTERM, &(struct sigaction){.sa_handler = handle}, NULL);
    if (!act_started_at_load(&thread)) {
        if (strcmp(argv[1], "main") != 0 && !dlopen("libcuda.so.1", RTLD_NOW))
            return 2;
        thread = act_later(argv[3], argv[2]);
    }
    if (strcmp(argv[1], "serve") == 0)
        serve();
    if (strcmp(argv[1], "fork") == 0)
        fork_two((useconds_t)strtoul(argv[2], NULL, 10));
    /* The thread ends the process by itself: two that do so at once is more than exit(3) allows. */
    pthread_join(thread, NULL);
    if (strcmp(argv[4], "return") != 0)
        act(argv[4]);
    return ENDS_MAIN;
}
