/* SPDX-License-Identifier: MIT */
/*
 * waits_again WAY [before | blocked]: a server that goes on waiting until a signal has come, which its child sends when
 * it finds it waiting. With `before` it looks at its flag in every turn before it waits, as the safe use of ppoll,
 * pselect and epoll_pwait has it: SIGTERM is blocked but while they wait. With `blocked` it is the other way about:
 * SIGTERM is blocked while they wait, so that they are not interrupted, and the child connects after that.
 */
#include "asleep.h"
#include "waits.h"
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

static volatile sig_atomic_t stop;

static void handle(int signal)
{
    stop = signal;
}

static void send_signal(bool connects)
{
    alarm(25);
    asleep_await(getppid(), getppid());
    kill(getppid(), SIGTERM);
    if (connects) {
        asleep_await(getppid(), getppid());
        waits_connect();
    }
    _exit(0);
}

/* Not how many turns there were: epoll is warmed before it waits, so the first turn may not come. */
static void loop(const char *way, int listener)
{
    int epoll = waits_epoll(way, listener);
    while (!stop)
        waits_once(way, listener, epoll);
}

static void loop_masked(const char *way, int listener, bool blocked)
{
    sigset_t term, none;
    int epoll = waits_epoll(way, listener), result = 0, error = 0;
    sigemptyset(&none);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    if (!blocked)
        sigprocmask(SIG_BLOCK, &term, NULL);
    while (!stop) {
        errno = 0;
        result = waits_masked(way, listener, epoll, blocked ? &term : &none);
        error = errno;
    }
    printf("%s: %d, errno %d\n", way, result, error);
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "accept", *word = argc > 2 ? argv[2] : "";
    bool blocked = strcmp(word, "blocked") == 0;
    alarm(25); /* ends the test, if nothing else does */
    dlopen("libcuda.so.1", RTLD_NOW);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = handle}, NULL);
    int listener = waits_listen();
    pid_t child = fork();
    if (child == 0)
        send_signal(blocked);
    if (*word)
        loop_masked(way, listener, blocked);
    else
        loop(way, listener);
    waitpid(child, NULL, 0);
    printf("%s: signal %d\n", way, (int)stop);
    return 6;
}
