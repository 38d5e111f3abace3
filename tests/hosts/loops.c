/* SPDX-License-Identifier: MIT */
/*
 * loops CALL TIMES [WORD...]: makes one call many times that waits for nothing, between two stops (SIGSTOP) at which
 * who traces it may begin and end to count. CALL is poll, ppoll, select, pselect, epoll_ctl, epoll_wait, accept or
 * accept4. Words: `cuda` opens the driver first, `init` initialises it too, so that its threads are there, for which
 * the C library does more in calls that can be cancelled; `listens` has a TCP socket listen first, `serves` comes to
 * wait at that socket; `thread` has another thread sleep, `library` opens a library; `static` has what poll and select
 * are given not on the stack; `long` waits for as many descriptors as are asked for, a thousand times, before it begins
 * to count; `again`, the last word, comes to wait at another socket after the loop; `late`, the last word, opens the
 * driver after the loop and comes to wait there sixteen times.
 */
#include <dlfcn.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOMENTS = 16 };
enum { LONG_WAITS = 1024, LONG_DESCRIPTORS = 64 };
static int idle, epoll, listener, is_static;
static struct pollfd static_polled;
static fd_set static_set;

static void call_poll(void)
{
    struct pollfd own = {.fd = -1}, *polled = is_static ? &static_polled : &own;
    *polled = (struct pollfd){.fd = idle, .events = POLLIN};
    poll(polled, 1, 0);
}

static void call_ppoll(void)
{
    struct pollfd own = {.fd = -1}, *polled = is_static ? &static_polled : &own;
    *polled = (struct pollfd){.fd = idle, .events = POLLIN};
    ppoll(polled, 1, &(struct timespec){0, 0}, NULL);
}

static void call_select(void)
{
    fd_set own = {0}, *set = is_static ? &static_set : &own;
    FD_ZERO(set);
    FD_SET(idle, set);
    select(idle + 1, set, NULL, NULL, &(struct timeval){0, 0});
}

static void call_pselect(void)
{
    fd_set own = {0}, *set = is_static ? &static_set : &own;
    FD_ZERO(set);
    FD_SET(idle, set);
    pselect(idle + 1, set, NULL, NULL, &(struct timespec){0, 0}, NULL);
}

static void call_epoll_ctl(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(epoll, EPOLL_CTL_ADD, idle, &event);
    epoll_ctl(epoll, EPOLL_CTL_DEL, idle, &event);
}

/* On an empty set. */
static void call_epoll_wait(void)
{
    struct epoll_event event;
    epoll_wait(epoll, &event, 1, 0);
}

/* It does not listen: refused. */
static void call_accept(void)
{
    accept(idle, NULL, NULL);
}

static void call_accept4(void)
{
    accept4(idle, NULL, NULL, SOCK_CLOEXEC);
}

static const struct {
    const char *name;
    void (*call)(void);
} calls[] = {{"poll", call_poll},       {"ppoll", call_ppoll},         {"select", call_select},
             {"pselect", call_pselect}, {"epoll_ctl", call_epoll_ctl}, {"epoll_wait", call_epoll_wait},
             {"accept", call_accept},   {"accept4", call_accept4}};

/* Comes to wait for connections as a server does, for as long as it takes to see that there is none. */
static int serve(void)
{
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    return poll(&polled, 1, 0);
}

static int listen_somewhere(int serves)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&loopback, sizeof loopback) != 0 || listen(listener, 1) != 0)
        return -1;
    return serves ? serve() : 0;
}

static int open_driver(int initialises)
{
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    int (*init)(unsigned) = driver ? (int (*)(unsigned))dlsym(driver, "cuInit") : NULL;
    return !init ? -1 : initialises ? init(0) : 0;
}

static void *sleep_long(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static int wait_long(void)
{
    struct pollfd polled[LONG_DESCRIPTORS];
    fd_set set;
    for (int i = 0; i < LONG_DESCRIPTORS; i++)
        polled[i] = (struct pollfd){.fd = dup(idle), .events = POLLIN};
    for (int i = 0; i < LONG_WAITS; i++) {
        FD_ZERO(&set);
        for (int k = 0; k < LONG_DESCRIPTORS; k++)
            FD_SET(polled[k].fd, &set);
        if (poll(polled, LONG_DESCRIPTORS, 0) != 0 ||
            select(polled[LONG_DESCRIPTORS - 1].fd + 1, &set, NULL, NULL, &(struct timeval){0, 0}) != 0)
            return -1;
    }
    return 0;
}

static int act(const char *word)
{
    pthread_t thread;
    if (strcmp(word, "thread") == 0)
        return pthread_create(&thread, NULL, sleep_long, NULL);
    if (strcmp(word, "library") == 0)
        return dlopen("libm.so.6", RTLD_NOW) ? 0 : -1;
    is_static |= strcmp(word, "static") == 0;
    if (strcmp(word, "long") == 0)
        return wait_long();
    if (strcmp(word, "late") == 0 || strcmp(word, "again") == 0 || strcmp(word, "static") == 0)
        return 0;
    if (strcmp(word, "cuda") == 0 || strcmp(word, "init") == 0)
        return open_driver(strcmp(word, "init") == 0);
    return listen_somewhere(strcmp(word, "serves") == 0);
}

int main(int argc, char **argv)
{
    int ends[2], times = argc > 2 ? atoi(argv[2]) : 1;
    size_t which = 0;
    while (which < sizeof calls / sizeof *calls && (argc < 2 || strcmp(calls[which].name, argv[1]) != 0))
        which++;
    if (which == sizeof calls / sizeof *calls || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return 2;
    idle = ends[0];
    epoll = epoll_create1(0);
    for (int i = 3; i < argc; i++)
        if (act(argv[i]) != 0)
            return 3;
    calls[which].call(); /* bound lazily at its first call */
    kill(getpid(), SIGSTOP);
    for (int i = 0; i < times; i++)
        calls[which].call();
    kill(getpid(), SIGSTOP);
    if (strcmp(argv[argc - 1], "again") == 0)
        return listen_somewhere(1) == 0 ? 5 : 3;
    if (strcmp(argv[argc - 1], "late") != 0)
        return 5;
    if (open_driver(0) != 0)
        return 3;
    for (int i = 0; i < MOMENTS; i++)
        serve();
    return 5;
}
