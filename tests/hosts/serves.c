/* SPDX-License-Identifier: MIT */
/*
 * A server for one connection, which it makes itself from another thread: serves WAY [WORD...]. WAY is how it waits:
 * accept, accept4, poll, poll_chk, ppoll, ppoll_chk, select, pselect, epoll, epoll_pwait, epoll_pwait2. Words: `cuda`
 * opens the driver first, `local` listens on a local socket, `thread` serves on a thread that is not the initial one,
 * `worker` in a forked child, `warm-worker` in a child forked after the parent came to serve too, `second` uses the
 * second GPU before, `peer` asks who connected, `gloo` talks to other ranks through a library that listens, `blocked`
 * blocks a signal that it handles before it listens, and for good, `threads` counts its threads at its end, and a word
 * that begins with "lib" is a library to open. Prints what an observer of its calls could see; ends with 3 where the C
 * library lacks that way.
 */
#include "threads.h"
#include "waits.h"
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *way;
static bool asks_for_peer;
static struct sockaddr_storage address;
static socklen_t length = sizeof address;

static void *client(void *unused)
{
    int fd = socket(address.ss_family, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, length) != 0 || write(fd, "x", 1) != 1)
        perror("client");
    close(fd);
    return unused;
}

static void print_peer(int fd)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof peer;
    int result = getpeername(fd, (struct sockaddr *)&peer, &size);
    printf("peer: %d, family %d\n", result, peer.ss_family);
}

/*
 * With the bare system call where another way is to be seen: accept is a moment too, in which a process would be warmed
 * that was not when it waited. Who waits in epoll_pwait2 is seen nowhere else. Who asks for the peer may have a library
 * that must know of the connection.
 */
static int take_connection(int listener)
{
    if (strcmp(way, "accept4") == 0)
        return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (strcmp(way, "accept") == 0 || strcmp(way, "epoll_pwait2") == 0 || asks_for_peer)
        return accept(listener, NULL, NULL);
    return (int)syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC);
}

static void *serve(void *argument)
{
    int listener = *(int *)argument;
    char byte = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, client, NULL);
    errno = 77;
    int ready = wait_for(way, listener), after = errno;
    int fd = take_connection(listener);
    if (asks_for_peer)
        print_peer(fd);
    ssize_t got = read(fd, &byte, 1);
    pthread_join(thread, NULL);
    printf("%s: ready %d, errno %d, got %zd %c\n", way, ready, after, got, byte);
    return NULL;
}

static int listener_make(bool local)
{
    int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un unnamed = {.sun_family = AF_UNIX}; /* bound to a name that the kernel chooses (unix(7)) */
    if (local ? bind(fd, (struct sockaddr *)&unnamed, sizeof unnamed.sun_family)
              : bind(fd, (struct sockaddr *)&loopback, sizeof loopback))
        perror("bind");
    if (listen(fd, 8) != 0 || getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        perror("listen");
    return fd;
}

static void serve_in_child(int listener)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        serve(&listener);
        exit(0);
    }
    waitpid(child, NULL, 0);
}

/* A program that has made itself a context on the second device before it serves. */
static void use_second_device(void *driver)
{
    int (*init)(unsigned) = (int (*)(unsigned))dlsym(driver, "cuInit");
    int (*retain)(void **, int) = (int (*)(void **, int))dlsym(driver, "cuDevicePrimaryCtxRetain");
    void *context;
    printf("cuInit %d, ", init(0));
    printf("retain %d\n", retain(&context, 1));
}

/* What PyTorch's gloo does, in the library of that name beside this program; and whether CUDA was initialised then. */
static void listen_as_gloo(const char *program, void *driver)
{
    char path[4096];
    snprintf(path, sizeof path, "%.*s/libtorch_cpu.so", (int)(strrchr(program, '/') - program), program);
    void *library = dlopen(path, RTLD_NOW);
    int (*gloo_listen)(void) = library ? (int (*)(void))dlsym(library, "gloo_listen") : NULL;
    int (*count_devices)(int *) = driver ? (int (*)(int *))dlsym(driver, "cuDeviceGetCount") : NULL;
    int result = gloo_listen ? gloo_listen() : -1, count;
    printf("gloo %d, cuDeviceGetCount %d\n", result, count_devices ? count_devices(&count) : 0);
}

/* The least that it sees: one that has been joined is there a little longer. */
static void print_threads(void)
{
    int least = INT_MAX;
    for (int i = 0; i < 20; i++) {
        int count = threads_count();
        least = count < least ? count : least;
        usleep(5000);
    }
    printf("threads %d\n", least);
}

/* As a program that takes its signals at a place of its own, in a signalfd or by sigwait. */
static void block_signal(void)
{
    sigset_t term;
    signal(SIGTERM, _exit);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
}

enum { WORDS = 10 };

int main(int argc, char **argv)
{
    bool has[WORDS] = {false};
    static const char *const words[WORDS] = {"cuda",   "local", "thread", "worker",  "warm-worker",
                                             "second", "peer",  "gloo",   "blocked", "threads"};
    way = argc > 1 ? argv[1] : "accept";
    if (waits_lacks(way))
        return 3;
    for (int i = 2; i < argc; i++)
        for (int word = 0; word < WORDS; word++)
            has[word] |= strcmp(argv[i], words[word]) == 0;
    void *driver = has[0] ? dlopen("libcuda.so.1", RTLD_NOW) : NULL;
    asks_for_peer = has[6];
    if (has[0] && !driver)
        puts(dlerror());
    for (int i = 2; i < argc; i++)
        if (strncmp(argv[i], "lib", 3) == 0 && !dlopen(argv[i], RTLD_NOW))
            puts(dlerror());
    if (has[5])
        use_second_device(driver);
    if (has[8])
        block_signal();
    int listener = listener_make(has[1]);
    if (has[7])
        listen_as_gloo(argv[0], driver);
    pthread_t thread;
    if (has[2]) {
        pthread_create(&thread, NULL, serve, &listener);
        pthread_join(thread, NULL);
    } else if (has[3]) {
        serve_in_child(listener);
    } else {
        serve(&listener);
    }
    if (has[4])
        serve_in_child(listener);
    if (has[9])
        print_threads();
    return 4;
}
