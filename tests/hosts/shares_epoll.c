/* SPDX-License-Identifier: MIT */
/*
 * A master that listens, puts its listening socket in an epoll set, and only then forks the workers that wait on it:
 * shares_epoll [cuda]. `cuda` opens the driver in the master, before; otherwise each worker does so itself. A worker
 * answers one connection, made by the master, with what its first CUDA calls gave.
 */
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
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

static void work(int epoll, int listener, void *driver)
{
    struct epoll_event event;
    void *context = NULL;
    if (!driver)
        driver = driver_open();
    int (*init)(unsigned) = (int (*)(unsigned))dlsym(driver, "cuInit");
    int (*retain)(void **, int) = (int (*)(void **, int))dlsym(driver, "cuDevicePrimaryCtxRetain");
    int ready = epoll_wait(epoll, &event, 1, 30000);
    int connection = accept(listener, NULL, NULL);
    int initialised = init(0);
    dprintf(connection, "ready %d, cuInit %d, retain %d", ready, initialised, retain(&context, 0));
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

int main(int argc, char **argv)
{
    (void)argv;
    void *driver = argc > 1 ? driver_open() : NULL;
    int listener = listener_make(), epoll = epoll_create1(0);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN}) != 0)
        perror("epoll_ctl");
    for (int i = 0; i < 2; i++) {
        fflush(stdout);
        pid_t worker = fork();
        if (worker == 0) {
            work(epoll, listener, driver);
            _exit(0);
        }
        ask();
        waitpid(worker, NULL, 0);
    }
    return 8;
}
