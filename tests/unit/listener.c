/* SPDX-License-Identifier: MIT */
/* Which sockets listen, in the forms in which programs wait for them; and whether a thread has stack left. */
#include "interpose/listener.h"
#include "base/stack.h"
#include <criterion/criterion.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int socket_made(int domain, bool listening)
{
    int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un unnamed = {.sun_family = AF_UNIX};
    cr_assert_geq(fd, 0);
    if (domain == AF_UNIX && listening)
        cr_assert_eq(bind(fd, (struct sockaddr *)&unnamed, sizeof unnamed.sun_family), 0);
    /* Without an address listen(2) takes a free port of any interface; nothing connects to it. */
    if (listening)
        cr_assert_eq(listen(fd, 1), 0);
    return fd;
}

Test(listener, is_asked_of_the_socket)
{
    int ends[2], tcp = socket_made(AF_INET, true), local = socket_made(AF_UNIX, true),
                 idle = socket_made(AF_INET, false);
    cr_assert_eq(pipe(ends), 0);
    cr_assert(listener_is(tcp, true) && listener_is(tcp, false));
    cr_assert(listener_is(dup(tcp), true), "a duplicate");
    cr_assert_not(listener_is(local, true));
    cr_assert_not(listener_is(idle, false));
    cr_assert_not(listener_is(ends[0], false));
    cr_assert_not(listener_is(-1, false));
    cr_assert_not(listener_is(9999, false));
}

Test(listener, a_local_one_counts_where_any_does)
{
    cr_assert(listener_is(socket_made(AF_UNIX, true), false));
}

Test(listener, counts_before_it_listens)
{
    cr_expect(listener_counts(socket_made(AF_INET, false), true));
    int six = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0); /* a kernel may have none */
    cr_expect(six < 0 || listener_counts(six, true));
    cr_expect_not(listener_counts(socket_made(AF_UNIX, false), true));
    cr_expect(listener_counts(socket_made(AF_UNIX, false), false));
    cr_expect_not(listener_counts(-1, true));
}

/* A local socket that listens under a name, which is an abstract one where it begins with "@". */
static int named_made(const char *name)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    cr_assert_lt(length, sizeof address.sun_path);
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)), 0,
                 "%s", name);
    cr_assert_eq(listen(fd, 1), 0);
    return fd;
}

/* The driver's, of which a thread of its own polls it, those of Python's multiprocessing, and gunicorn's for control.
 */
Test(listener, at_which_nobody_is_served)
{
    char folder[] = "/tmp/pymp-XXXXXX", path[64], other[64], name[64];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/listener-abc", folder);
    snprintf(other, sizeof other, "%s/service", folder);
    snprintf(name, sizeof name, "@cuda-uvmfd-1-%d", getpid());
    cr_expect_not(listener_is(named_made(name), false));
    snprintf(name, sizeof name, "@listener-%d-0", getpid());
    cr_expect_not(listener_is(named_made(name), false));
    snprintf(name, sizeof name, "@service-listener-%d", getpid());
    cr_expect(listener_is(named_made(name), false));
    cr_expect_not(listener_is(named_made(path), false));
    cr_expect(listener_is(named_made(other), false));
    unlink(path);
    snprintf(path, sizeof path, "%s/gunicorn.ctl", folder);
    cr_expect_not(listener_is(named_made(path), false));
    unlink(path);
    unlink(other);
    rmdir(folder);
}

Test(listener, polled)
{
    int tcp = socket_made(AF_INET, true), idle = socket_made(AF_INET, false);
    struct pollfd fds[] = {{.fd = -1, .events = POLLIN}, {.fd = idle, .events = POLLIN}, {.fd = tcp, .events = POLLIN}};
    cr_assert_eq(listener_polled(fds, 3, true), tcp);
    cr_assert_eq(listener_polled(fds, 2, true), -1, "beyond the count");
    cr_assert_eq(listener_polled(fds, 0, true), -1);
    cr_assert_eq(listener_polled(NULL, 3, true), -1);
    fds[2].events = POLLOUT;
    cr_assert_eq(listener_polled(fds, 3, true), -1, "it does not wait for connections");
}

Test(listener, has_a_client_until_it_is_accepted)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int tcp = socket_made(AF_INET, true), client = socket_made(AF_INET, false);
    cr_assert_eq(getsockname(tcp, (struct sockaddr *)&address, &length), 0);
    cr_assert_not(listener_has_client(tcp));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    cr_assert_eq(connect(client, (struct sockaddr *)&address, length), 0);
    cr_assert(listener_has_client(tcp));
    cr_assert_geq(accept(tcp, NULL, NULL), 0);
    cr_assert_not(listener_has_client(tcp));
    cr_assert_not(listener_has_client(-1));
}

Test(listener, selected)
{
    fd_set set;
    int tcp = socket_made(AF_INET, true), high = dup2(tcp, 200);
    FD_ZERO(&set);
    FD_SET(0, &set);
    cr_assert_eq(listener_selected(FD_SETSIZE, &set, true), -1);
    FD_SET(high, &set);
    cr_assert_eq(listener_selected(high + 1, &set, true), high);
    cr_assert_eq(listener_selected(high, &set, true), -1, "beyond the count");
    cr_assert_eq(listener_selected(high + 1, NULL, true), -1);
}

/* The last bytes before a page that cannot be read. */
static void *before_unreadable(size_t bytes)
{
    size_t page = (size_t)getpagesize();
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(pages, MAP_FAILED);
    cr_assert_eq(mprotect(pages + page, page, PROT_NONE), 0);
    return pages + page - bytes;
}

Test(listener, selected_in_a_set_that_ends_before_the_count)
{
    int tcp = dup2(socket_made(AF_INET, true), 70);
    unsigned long *words = before_unreadable(2 * sizeof *words);
    cr_expect_eq(listener_selected(FD_SETSIZE, words, true), -1);
    words[1] = 1UL << (tcp - 64);
    cr_expect_eq(listener_selected(FD_SETSIZE, words, true), tcp, "in the last word");
    cr_expect_eq(listener_selected(INT_MAX, words, true), tcp);
    cr_expect_eq(listener_selected(INT_MIN, words, true), -1);
    cr_expect_eq(listener_selected(FD_SETSIZE, words + 2, true), -1, "none of it can be read");
    cr_expect_eq(listener_selected(FD_SETSIZE, (char *)(words + 2) - 7, true), -1, "no whole word");
}

Test(listener, polled_where_not_all_can_be_read)
{
    struct pollfd *fds = before_unreadable(2 * sizeof *fds);
    fds[0] = fds[1] = (struct pollfd){.fd = socket_made(AF_INET, true), .events = POLLIN};
    cr_expect_eq(listener_polled(fds, 2, true), fds[0].fd);
    cr_expect_eq(listener_polled(fds, 3, true), -1, "the kernel refuses it");
    cr_expect_eq(listener_polled(fds, ULONG_MAX, true), -1);
    cr_expect_eq(listener_polled(fds + 2, 1, true), -1);
}

static void *thread_stack(void *top)
{
    size_t left = stack_left(top, false);
    cr_assert(left > 64 << 10 && left <= 128 << 10, "a thread of 128 KiB, near its top: %zu", left);
    cr_assert_eq(stack_left(top, true), 0, "no stack that the initial thread was given");
    return NULL;
}

Test(stack, of_the_initial_thread_and_of_others)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 128 << 10);
    cr_assert_gt(stack_left(environ, true), 4096);
    cr_assert_gt(stack_left(environ, false), 4096);
    cr_assert_eq(pthread_create(&thread, &attributes, thread_stack, environ), 0);
    pthread_join(thread, NULL);
}
