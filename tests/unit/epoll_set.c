/* SPDX-License-Identifier: MIT */
/* What is in an epoll set, by what the kernel tells of it; and the lines of its files. */
#include "interpose/epoll_set.h"
#include "base/lines.h"
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

Test(epoll_set, reads_a_line)
{
    struct epoll_line line;
    cr_assert(epoll_line_read("tfd:        5 events:       19 data:                5  pos:0 ino:61af sdev:7", &line));
    cr_expect_eq(line.fd, 5);
    cr_expect_eq(line.events, 0x19);
    cr_expect_eq(line.inode, 0x61af);
    cr_assert(epoll_line_read("tfd: 1023 events: 80000001 data: ffffffffffffffff", &line), "before Linux 4.3");
    cr_expect_eq(line.fd, 1023);
    cr_expect_eq(line.events, 0x80000001);
    cr_expect_eq(line.inode, 0);
}

Test(epoll_set, leaves_other_lines_alone)
{
    static const char *const others[] = {"",           "pos:\t0", "flags:\t02", "mnt_id:\t16",
                                         "ino:\t1057", "tfd: 5",  " events: 19"};
    struct epoll_line line;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect_not(epoll_line_read(others[i], &line), "%s", others[i]);
}

static int listener_made(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, 4), 0);
    return fd;
}

static void put(int set, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    cr_assert_eq(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
}

Test(epoll_set, finds_the_one_that_listens_among_many)
{
    int set = epoll_create1(0), ends[2];
    for (int i = 0; i < 200; i++) {
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        put(set, ends[0]);
    }
    cr_expect_eq(epoll_set_listener(set, true), -1);
    int listener = listener_made();
    put(set, listener);
    cr_expect_eq(epoll_set_listener(set, true), listener);
    cr_expect_eq(epoll_set_listener(set, false), listener);
}

Test(epoll_set, looks_into_a_set_in_it_and_no_deeper)
{
    int sets[3], listener = listener_made();
    for (int i = 0; i < 3; i++)
        sets[i] = epoll_create1(0);
    put(sets[0], sets[1]);
    put(sets[1], sets[2]);
    put(sets[2], listener);
    cr_expect_eq(epoll_set_listener(sets[1], true), listener);
    cr_expect_eq(epoll_set_listener(sets[0], true), -1);
}

Test(epoll_set, is_none)
{
    cr_expect_eq(epoll_set_listener(-1, true), -1);
    cr_expect_eq(epoll_set_listener(listener_made(), true), -1, "a file of another kind");
    cr_expect_eq(epoll_set_listener(1000000, true), -1);
}

Test(epoll_set, leaves_no_descriptor_and_no_signal_blocked)
{
    int set = epoll_create1(0), before = dup(0);
    sigset_t mask;
    put(set, listener_made());
    int lowest = dup(0);
    close(lowest);
    epoll_set_listener(set, true);
    epoll_set_listener(before, true);
    cr_expect_eq(dup(0), lowest);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    cr_expect_not(sigismember(&mask, SIGTERM));
}

/* As the C library reads the same file. */
Test(lines, are_those_of_the_file)
{
    struct lines lines;
    char expected[8192];
    int count = 0;
    FILE *file = fopen("/proc/self/limits", "r");
    cr_assert(lines_open(&lines, "limits"));
    for (const char *line; (line = lines_next(&lines)); count++) {
        cr_assert_not_null(fgets(expected, sizeof expected, file));
        cr_assert_eq(strncmp(expected, line, strlen(line)), 0, "%s%s", line, expected);
        cr_assert_str_eq(expected + strlen(line), "\n");
    }
    cr_assert_null(fgets(expected, sizeof expected, file));
    cr_assert_gt(count, 10);
    lines_close(&lines);
    fclose(file);
    cr_assert_not(lines_open(&lines, "no such file"));
}
