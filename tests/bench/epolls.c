/* SPDX-License-Identifier: MIT */
/*
 * A server that does as little as it can for a request, so that what is added to its calls shows: epolls [WORD...].
 * One epoll set; prints its port, answers until it is killed. Words: `cuda` opens the driver and initialises it,
 * `thread` serves on a thread that is not the initial one.
 */
#include <dlfcn.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64 };

static void add(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void answer(int fd)
{
    char request[256];
    ssize_t got = read(fd, request, sizeof request);
    if (got <= 0 || send(fd, request, (size_t)got, MSG_NOSIGNAL) != got)
        close(fd);
}

static void *serve(void *argument)
{
    int listener = *(int *)argument, epoll = epoll_create1(0), fd;
    struct epoll_event events[EVENTS];
    add(epoll, listener);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd != listener) {
                answer(events[i].data.fd);
                continue;
            }
            while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
                add(epoll, fd);
        }
    }
    return NULL;
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 128) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        return -1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

/* Both with and without the library the driver's threads are there: the C library does more in such a process. */
static int initialise(void)
{
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    int (*init)(unsigned) = driver ? (int (*)(unsigned))dlsym(driver, "cuInit") : NULL;
    return init ? init(0) : -1;
}

int main(int argc, char **argv)
{
    int in_thread = 0;
    pthread_t thread;
    for (int i = 1; i < argc; i++) {
        in_thread |= strcmp(argv[i], "thread") == 0;
        if (strcmp(argv[i], "cuda") == 0 && initialise() != 0)
            return 1;
    }
    int listener = listen_somewhere();
    if (listener < 0)
        return 1;
    if (in_thread && pthread_create(&thread, NULL, serve, &listener) == 0)
        pthread_join(thread, NULL);
    serve(&listener);
    return 0;
}
