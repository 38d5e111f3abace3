/* SPDX-License-Identifier: MIT */
/*
 * stops WAY [restart]: a server whose loop ends when a signal has come: `while (!stop) accept()`, or poll, select,
 * epoll. Its child sends it SIGTERM when it finds it asleep: waiting, or being warmed. With `restart` the handler was
 * installed with SA_RESTART, which accept goes on after: then the handler connects, so that it returns all the same.
 */
#include "asleep.h"
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t stop;
static int restart, client;
static struct sockaddr_in address;

static void handle(int signal)
{
    stop = signal;
    if (restart && connect(client, (struct sockaddr *)&address, sizeof address) != 0)
        _exit(1);
}

static int wait_with_epoll(int listener)
{
    static int epoll = -1;
    struct epoll_event event = {.events = EPOLLIN};
    if (epoll < 0) {
        epoll = epoll_create1(EPOLL_CLOEXEC);
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    }
    return epoll_wait(epoll, &event, 1, -1);
}

static int wait_once(const char *way, int listener)
{
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(listener, &set);
    if (strcmp(way, "poll") == 0)
        return poll(&polled, 1, -1);
    if (strcmp(way, "select") == 0)
        return select(listener + 1, &set, NULL, NULL, NULL);
    if (strcmp(way, "epoll") == 0)
        return wait_with_epoll(listener);
    return accept(listener, NULL, NULL);
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "accept";
    socklen_t length = sizeof address;
    restart = argc > 2;
    alarm(25); /* ends the test, if nothing else does */
    dlopen("libcuda.so.1", RTLD_NOW);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = handle, .sa_flags = restart ? SA_RESTART : 0}, NULL);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 8) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        alarm(25);
        asleep_await(getppid(), getppid());
        kill(getppid(), SIGTERM);
        _exit(0);
    }
    int turns = 0, result = 0;
    while (!stop) {
        errno = 0;
        result = wait_once(way, listener);
        turns++;
    }
    printf("%s: %s, errno %d, after %d turns, signal %d\n", way, result < 0 ? "failed" : "returned", errno, turns,
           (int)stop);
    waitpid(child, NULL, 0);
    return 6;
}
