/* SPDX-License-Identifier: MIT */
/*
 * idles WAY: a server at whose socket nobody connects. It opens the driver, listens, waits on an epoll set for a
 * moment, and says what CUDA answers then: whether it was initialised meanwhile. WAY is how the socket comes into the
 * set, unseen by epoll_ctl(3), as through io_uring: `raw`; into one that was waited on before: `later`; `nested`, in a
 * set within it; `dup`, with a number for the set that is another when it is waited on; `late`, when it was waited on
 * many times; and how it does not: `closed`, its number is another listening socket's, which is not in the set;
 * `paused`, the set does not wait for it to be readable; `local`; `control`, by the name of gunicorn's; `none`.
 * `beside`: through epoll_ctl(3), while another thread waits on the set; `beside-dup`: which has another number there.
 * `masked`: `raw`, on a thread that blocks all signals, of which the program handles one; `masked-too`: by a handler
 * that blocks them all while it runs.
 */
#include "asleep.h"
#include "waits.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/un.h>

enum { MOMENT_MS = 50, MANY = 1100 };

static const char *way;
static int epoll;
static pid_t waiter_id;

static bool is(const char *word)
{
    return strcmp(way, word) == 0;
}

static void put_unseen(int set, int fd, unsigned events)
{
    struct epoll_event event = {.events = events};
    if (syscall(SYS_epoll_ctl, set, EPOLL_CTL_ADD, fd, &event) != 0)
        perror("epoll_ctl");
}

static void wait_often(int times, int ms)
{
    struct epoll_event event;
    for (int i = 0; i < times; i++)
        epoll_wait(epoll, &event, 1, ms);
}

static int listen_locally(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX}; /* bound to a name that the kernel chooses (unix(7)) */
    socklen_t length = sizeof address.sun_family;
    if (is("control")) {
        snprintf(address.sun_path, sizeof address.sun_path, "%s/gunicorn.ctl", getenv("HOME"));
        unlink(address.sun_path);
        length = sizeof address;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, 8) == 0 ? fd : -1;
}

static void fill(void)
{
    int listener = is("local") || is("control") ? listen_locally() : waits_listen(), inner = epoll_create1(0);
    if (is("later"))
        wait_often(1, 0);
    if (is("late"))
        wait_often(MANY, 0);
    if (!is("none"))
        put_unseen(is("nested") ? inner : epoll, listener, is("paused") ? 0 : EPOLLIN);
    if (is("nested"))
        put_unseen(epoll, inner, EPOLLIN);
    if (is("dup"))
        epoll = dup(epoll);
    if (is("closed")) {
        int kept = dup(listener), other = waits_listen();
        dup2(other, listener);
        close(other);
        (void)kept; /* the file stays open, and so in the set: under a number that the set does not know */
    }
}

static void handle(int signal)
{
    (void)signal;
}

/* As libraries have threads of their own: it takes no signal. */
static void *wait_masked(void *unused)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    wait_often(1, MOMENT_MS);
    return unused;
}

static void fill_for_masked(bool full)
{
    struct sigaction action = {.sa_handler = handle};
    pthread_t thread;
    if (full)
        sigfillset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    fill();
    pthread_create(&thread, NULL, wait_masked, NULL);
    pthread_join(thread, NULL);
}

static void *wait_here(void *unused)
{
    struct epoll_event event;
    waiter_id = asleep_self();
    pthread_barrier_wait(unused);
    epoll_wait(epoll, &event, 1, 1000);
    return NULL;
}

/* The initial thread waits for nothing itself. */
static void fill_beside(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    pthread_barrier_t started;
    pthread_t thread;
    pthread_barrier_init(&started, NULL, 2);
    pthread_create(&thread, NULL, wait_here, &started);
    pthread_barrier_wait(&started);
    asleep_await(getpid(), waiter_id);
    epoll_ctl(is("beside-dup") ? dup(epoll) : epoll, EPOLL_CTL_ADD, waits_listen(), &event);
}

int main(int argc, char **argv)
{
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    int (*count_devices)(int *) = driver ? (int (*)(int *))dlsym(driver, "cuDeviceGetCount") : NULL, count;
    if (argc < 2 || !count_devices)
        return 1;
    way = argv[1];
    epoll = epoll_create1(0);
    if (is("beside") || is("beside-dup")) {
        fill_beside();
    } else if (is("masked") || is("masked-too")) {
        fill_for_masked(is("masked-too"));
    } else {
        fill();
        wait_often(1, MOMENT_MS);
    }
    printf("cuDeviceGetCount %d\n", count_devices(&count));
    return 4;
}
