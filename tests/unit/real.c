/* SPDX-License-Identifier: MIT */
/* What hooks jump to: the C library's functions once they were looked for, and the system calls where there is none. */
#include "interpose/real.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef void (*function)(void);

static function of_libc(const char *name)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    function found;
    memcpy(&found, &symbol, sizeof found);
    return found;
}

/* Before glibc 2.34 libpthread has a fork that is chosen at run time, and is the C library's by another name. */
static bool is_the_same(const char *name, function found)
{
    if (strcmp(name, "fork") == 0 && !__GLIBC_PREREQ(2, 34))
        return found;
    return found == of_libc(name);
}

/* The bare system calls, all of them. */
static struct real raw(void)
{
    struct real none = {0};
    real_complete(&none);
    return none;
}

static int listener_make(struct sockaddr_in *address)
{
    socklen_t length = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    cr_assert_eq(bind(fd, (struct sockaddr *)address, length), 0);
    cr_assert_eq(raw().listen(fd, 4), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)address, &length), 0);
    return fd;
}

Test(real, the_c_librarys_functions_are_found_and_known)
{
    real_find(_r_debug.r_map);
#define HOOK(name, parameters, arguments)                                                                              \
    cr_expect(is_the_same(#name, (function)real.name), #name);                                                         \
    cr_expect(is_the_same(#name, (function)jump_table.name), #name);                                                   \
    cr_expect(real_known.name, #name);
#include "interpose/hooks.def"
#undef HOOK
}

/* In executables that do not lead to the loader's list: a bare fork would leave locks and handlers as they are. */
Test(real, they_are_found_without_a_list_of_objects)
{
    real_find(NULL);
#define HOOK(name, parameters, arguments) cr_expect(is_the_same(#name, (function)real.name), #name);
#include "interpose/hooks.def"
#undef HOOK
}

/* All registers that arguments are passed in go through the first call. */
Test(real, the_first_call_finds_them)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    struct pollfd polled = {.fd = ends[0], .events = POLLIN};
    cr_assert_neq((function)jump_table.poll, of_libc("poll"));
    cr_expect_eq(((int (*)(struct pollfd *, unsigned long, int))(function)jump_table.poll)(&polled, 1, 0), 1);
    cr_expect_eq(polled.revents, POLLIN);
    cr_expect_eq((function)jump_table.poll, of_libc("poll"));
    cr_expect_eq((function)jump_table.select, of_libc("select"), "all at once");
}

/* A thread that finds late leaves a hook alone that goes elsewhere by then. */
Test(real, what_is_watched_already_stays_so)
{
    const anything watching = jump_table.listen;
    jump_table.poll = watching;
    real_find(_r_debug.r_map);
    cr_expect_eq(jump_table.poll, watching);
    jump_table_reset();
    cr_expect_eq((function)jump_table.poll, of_libc("poll"));
}

static void *find(void *unused)
{
    for (int i = 0; i < 50; i++)
        real_find(_r_debug.r_map);
    return unused;
}

Test(real, can_be_found_by_many_threads)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, find, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_expect_eq((function)jump_table.epoll_ctl, of_libc("epoll_ctl"));
}

Test(real, what_is_there_is_kept)
{
    struct real some = {.listen = listen};
    real_complete(&some);
    cr_expect_eq(some.listen, listen);
    cr_expect_not_null((void *)(size_t)some.poll);
}

Test(real, bare_calls_accept)
{
    struct sockaddr_in address, peer;
    socklen_t length = sizeof peer;
    int listener = listener_make(&address), client = socket(AF_INET, SOCK_STREAM, 0);
    cr_expect_eq(raw().accept(listener, NULL, NULL), -1);
    cr_expect_eq(errno, EAGAIN);
    cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    int accepted = raw().accept(listener, &peer, &length);
    cr_expect_geq(accepted, 0);
    cr_expect_eq(peer.sin_family, AF_INET);
    cr_expect_eq(fcntl(accepted, F_GETFD), 0);
    cr_assert_eq(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address), 0);
    cr_expect_eq(fcntl(raw().accept4(listener, NULL, NULL, SOCK_CLOEXEC), F_GETFD), FD_CLOEXEC);
}

/* One descriptor that is ready: with a time, without, and in the checked forms. */
Test(real, bare_calls_wait_for_what_is_ready)
{
    int ends[2];
    cr_assert(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
    struct pollfd polled = {.fd = ends[0], .events = POLLIN};
    cr_expect_eq(raw().poll(&polled, 1, -1), 1);
    cr_expect_eq(raw().poll(&polled, 1, 5000), 1);
    cr_expect_eq(raw().__poll_chk(&polled, 1, 0, sizeof polled), 1);
    cr_expect_eq(raw().ppoll(&polled, 1, NULL, NULL), 1);
    cr_expect_eq(raw().__ppoll_chk(&polled, 1, NULL, NULL, sizeof polled), 1);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    cr_expect_eq(raw().select(ends[0] + 1, &set, NULL, NULL, NULL), 1);
    cr_expect_eq(raw().pselect(ends[0] + 1, &set, NULL, NULL, NULL, NULL), 1);
    cr_expect(FD_ISSET(ends[0], &set));
}

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* As poll(2) and select(2) have it: of all these only select writes into the time that it was given. */
Test(real, bare_calls_wait_as_long_as_they_are_told)
{
    struct timespec time = {0, 20000000};
    struct timeval rest = {0, 20000};
    long start = now_ms();
    cr_expect_eq(raw().poll(NULL, 0, 1020), 0);
    cr_expect_geq(now_ms() - start, 1019);
    cr_expect_eq(raw().ppoll(NULL, 0, &time, NULL), 0);
    cr_expect_eq(raw().pselect(0, NULL, NULL, NULL, &time, NULL), 0);
    cr_expect_eq(time.tv_nsec, 20000000);
    cr_expect_eq(raw().select(0, NULL, NULL, NULL, &rest), 0);
    cr_expect_eq(rest.tv_sec * 1000000 + rest.tv_usec, 0);
    cr_expect_geq(now_ms() - start, 1077);
}

static volatile sig_atomic_t caught;

static void handle(int signal)
{
    caught = signal;
}

/* A signal that is blocked is delivered in the wait whose mask lets it. */
Test(real, bare_calls_take_a_signal_mask)
{
    sigset_t blocked, none;
    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handle}, NULL);
    raise(SIGUSR1);
    cr_expect_eq(raw().ppoll(NULL, 0, &(struct timespec){10, 0}, &none), -1);
    cr_expect_eq(errno, EINTR);
    cr_expect_eq(caught, SIGUSR1);
    caught = 0;
    raise(SIGUSR1);
    cr_expect_eq(raw().pselect(0, NULL, NULL, NULL, &(struct timespec){10, 0}, &none), -1);
    cr_expect_eq(errno, EINTR);
    cr_expect_eq(caught, SIGUSR1);
}

Test(real, bare_calls_fill_an_epoll_set)
{
    int ends[2], epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 7}, ready = {0};
    cr_assert(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
    cr_expect_eq(raw().epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), 0);
    cr_expect_eq(epoll_wait(epoll, &ready, 1, 0), 1);
    cr_expect_eq(ready.data.u32, 7);
    cr_expect_eq(raw().epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), -1);
    cr_expect_eq(errno, EEXIST);
}
