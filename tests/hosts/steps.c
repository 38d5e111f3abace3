// link: runpath
/* SPDX-License-Identifier: MIT */
/*
 * A program in odd surroundings, which it makes itself: steps STEP..., each "name" or "name:argument", are done in
 * their order, and each says what came of it, with write(2) alone. It knows nothing of CUDA but what `open` and `init`
 * do.
 */
#include "filter.h"
#include "namespace.h"
#include "waits.h"
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

static int listener, peer, pipe_end;

static void say(const char *step, const char *argument, long result)
{
    char line[256];
    int length = snprintf(line, sizeof line, "%s %s: %ld\n", step, argument, result);
    if (write(1, line, (size_t)length) != length)
        _exit(99);
}

/* ---- descriptors ----------------------------------------------------------------------------------------------------
 */

static long step_close(const char *way)
{
    if (strcmp(way, "loop") == 0)
        for (int fd = 3; fd < 1024; fd++)
            close(fd);
    else if (strcmp(way, "walk") == 0) {
        DIR *folder = opendir("/proc/self/fd");
        struct dirent *entry;
        while (folder && (entry = readdir(folder)))
            if (atoi(entry->d_name) > 2 && atoi(entry->d_name) != dirfd(folder))
                close(atoi(entry->d_name));
        return folder ? closedir(folder) : -1;
    }
#if __GLIBC_PREREQ(2, 34)
    else if (strcmp(way, "range") == 0)
        return close_range(3, ~0U, 0);
    else
        closefrom(3);
#endif
    return 0;
}

/* No descriptor is left. */
static long step_fill(const char *unused)
{
    struct rlimit limit = {256, 256};
    (void)unused;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return -1;
    while (dup(1) >= 0)
        ;
    return errno;
}

static long step_free(const char *fd)
{
    return close(atoi(fd));
}

/* ---- the process ----------------------------------------------------------------------------------------------------
 */

static long step_limit(const char *which)
{
    static const char *const names[] = {"AS", "DATA", "NPROC", "STACK", "NOFILE"};
    static const int resources[] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_NPROC, RLIMIT_STACK, RLIMIT_NOFILE};
    const char *value = strchr(which, '=') + 1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(which, names[i], strlen(names[i])) == 0) {
            struct rlimit limit;
            getrlimit(resources[i], &limit);
            limit.rlim_cur = strcmp(value, "max") == 0 ? limit.rlim_max : strtoul(value, NULL, 10);
            return setrlimit(resources[i], &limit);
        }
    return -1;
}

/* What a user who is nobody may not: root is not limited in threads. */
static long step_user(const char *unused)
{
    (void)unused;
    return geteuid() == 0 ? setresuid(65534, 65534, 65534) : 0;
}

static long step_unshare(const char *unused)
{
    (void)unused;
    return unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
}

static long step_setns(const char *unused)
{
    (void)unused;
    return namespace_join();
}

static long step_filter(const char *name)
{
    return filter_named(name) ? 0 : errno;
}

/* Asks for the signal mask in one of the ways that a filter must see. */
static long step_mask(const char *way)
{
    sigset_t mask;
    if (strcmp(way, "number") == 0)
        return syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
    return strcmp(way, "process") == 0 ? sigprocmask(SIG_BLOCK, NULL, &mask) : pthread_sigmask(SIG_BLOCK, NULL, &mask);
}

/* The steps that follow are the child's. */
static long step_fork(const char *unused)
{
    int status;
    pid_t child = fork();
    (void)unused;
    if (child == 0)
        return 0;
    waitpid(child, &status, 0);
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* A child that ends at once, with its exit handlers or without; the steps that follow are the parent's. */
static long step_child(const char *way)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0 && strcmp(way, "exits") == 0)
        exit(3);
    if (child == 0)
        _exit(3);
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- CUDA -----------------------------------------------------------------------------------------------------------
 */

static long step_open(const char *library)
{
    return dlopen(library, RTLD_NOW | RTLD_GLOBAL) != NULL;
}

/* 1: the library (libopens.c) gets its own driver, 0: another. */
static long step_driver(const char *library)
{
    const char *(*opens)(void) = (const char *(*)(void))dlsym(dlopen(library, RTLD_NOW), "opens_driver");
    return opens ? strcmp(opens(), "its own driver") == 0 : -1;
}

static long step_init(const char *unused)
{
    int (*init)(unsigned) = (int (*)(unsigned))dlsym(RTLD_DEFAULT, "cuInit");
    int (*retain)(void **, int) = (int (*)(void **, int))dlsym(RTLD_DEFAULT, "cuDevicePrimaryCtxRetain");
    void *context;
    (void)unused;
    return init && retain ? init(0) * 1000L + retain(&context, 0) : -1;
}

/* ---- serving --------------------------------------------------------------------------------------------------------
 */

/* A connection is there, with a byte in it, before it is waited for: nothing but waiting is left to be done. */
static long step_listen(const char *unused)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    (void)unused;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    peer = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 8) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
        connect(peer, (struct sockaddr *)&address, length) != 0)
        return -1;
    return write(peer, "x", 1);
}

static long step_wait(const char *way)
{
    return listen(listener, 9) == 0 ? wait_for(way, listener) : -1;
}

/* What is no socket at all is waited for. */
static long step_watch(const char *unused)
{
    struct epoll_event event = {.events = EPOLLIN};
    struct pollfd polled = {.fd = pipe_end, .events = POLLIN};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    (void)unused;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, pipe_end, &event) + poll(&polled, 1, 0);
}

static long step_pipe(const char *unused)
{
    int ends[2];
    (void)unused;
    long result = pipe(ends);
    pipe_end = ends[0];
    return result;
}

static long step_accept(const char *way)
{
    char byte = 0;
    int fd = way[0] == '4' ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : accept(listener, NULL, NULL);
    return read(fd, &byte, 1) == 1 ? byte : -1;
}

static void *sleep_on(void *unused)
{
    while (pause())
        ;
    return unused;
}

/* There is another thread from now on. */
static long step_thread(const char *unused)
{
    pthread_t thread;
    (void)unused;
    return pthread_create(&thread, NULL, sleep_on, NULL);
}

static const struct step {
    const char *name;
    long (*run)(const char *argument);
} steps[] = {{"close", step_close},   {"fill", step_fill},       {"free", step_free},     {"limit", step_limit},
             {"user", step_user},     {"unshare", step_unshare}, {"setns", step_setns},   {"fork", step_fork},
             {"filter", step_filter}, {"open", step_open},       {"init", step_init},     {"listen", step_listen},
             {"wait", step_wait},     {"accept", step_accept},   {"pipe", step_pipe},     {"watch", step_watch},
             {"mask", step_mask},     {"child", step_child},     {"thread", step_thread}, {"driver", step_driver}};

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t length = strcspn(argv[i], ":");
        const char *argument = argv[i] + length + (argv[i][length] == ':');
        if (strncmp(argv[i], "exec", length) == 0) {
            execv(argv[i + 1], argv + i + 1);
            return 127;
        }
        const struct step *step = steps;
        while (strlen(step->name) != length || strncmp(step->name, argv[i], length) != 0)
            step++;
        say(step->name, argument, step->run(argument));
    }
    return 5;
}
