/* SPDX-License-Identifier: MIT */
/*
 * A master that listens, puts its listening socket in an epoll set, and only then forks the workers that wait on it:
 * shares_epoll [cuda] [thread | library]. `cuda` opens the driver in the master, before; otherwise each worker does so
 * itself. A worker answers one connection, made by the master, with what its first CUDA calls gave. With `thread` it is
 * one thread of the same process; with `library` that waits in a library which serves (libgrpc.c), after it has waited
 * itself.
 */
#include <dlfcn.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in address = {.sin_family = AF_INET};
static socklen_t length = sizeof address;

static void *driver_open(void)
{
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    if (!driver)
        puts(dlerror());
    return driver;
}

static int listener_make(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        perror("listener");
    return fd;
}

static int listener, epoll;
static void *driver;
static int (*wait_in_library)(int epoll);

/* Opens the library beside this program. */
static bool library_open(const char *program)
{
    char path[4096];
    snprintf(path, sizeof path, "%.*s/libgrpc.so", (int)(strrchr(program, '/') - program), program);
    void *library = dlopen(path, RTLD_NOW);
    wait_in_library = library ? (int (*)(int))dlsym(library, "grpc_wait") : NULL;
    return wait_in_library;
}

static int wait_for_event(void)
{
    struct epoll_event event;
    if (!wait_in_library)
        return epoll_wait(epoll, &event, 1, 30000);
    epoll_wait(epoll, &event, 1, 0);
    return wait_in_library(epoll);
}

static void *work(void *unused)
{
    void *context = NULL;
    void *opened = driver ? driver : driver_open();
    int (*init)(unsigned) = (int (*)(unsigned))dlsym(opened, "cuInit");
    int (*retain)(void **, int) = (int (*)(void **, int))dlsym(opened, "cuDevicePrimaryCtxRetain");
    int ready = wait_for_event();
    int connection = accept(listener, NULL, NULL);
    int initialised = init(0);
    dprintf(connection, "ready %d, cuInit %d, retain %d", ready, initialised, retain(&context, 0));
    return unused;
}

static void ask(void)
{
    char answer[128] = "";
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, length) != 0 || read(fd, answer, sizeof answer - 1) < 0)
        perror("master");
    close(fd);
    printf("worker: %s\n", answer);
}

static void ask_a_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    ask();
    pthread_join(thread, NULL);
}

static void ask_a_worker(void)
{
    fflush(stdout);
    pid_t worker = fork();
    if (worker == 0) {
        work(NULL);
        _exit(0);
    }
    ask();
    waitpid(worker, NULL, 0);
}

int main(int argc, char **argv)
{
    bool in_library = argc > 2 && strcmp(argv[2], "library") == 0;
    bool threads = in_library || (argc > 2 && strcmp(argv[2], "thread") == 0);
    if (in_library && !library_open(argv[0]))
        puts(dlerror());
    driver = argc > 1 ? driver_open() : NULL;
    listener = listener_make();
    epoll = epoll_create1(0);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN}) != 0)
        perror("epoll_ctl");
    for (int i = 0; i < 2; i++)
        (threads ? ask_a_thread : ask_a_worker)();
    return 8;
}
