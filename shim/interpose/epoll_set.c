/* SPDX-License-Identifier: MIT */
/* See epoll_set.h. */
#include "interpose/epoll_set.h"
#include "base/lines.h"
#include "base/number.h"
#include "base/text.h"
#include "interpose/listener.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What follows the word, past blanks; NULL: the line has no such word. */
static const char *value_of(const char *line, const char *word)
{
    const char *found = strstr(line, word);
    return found ? found + strlen(word) + strspn(found + strlen(word), " ") : NULL;
}

bool epoll_line_read(const char *text, struct epoll_line *line)
{
    const char *fd = value_of(text, "tfd:"), *events = value_of(text, " events:"), *inode = value_of(text, " ino:");
    if (!fd || !events)
        return false;
    *line = (struct epoll_line){.fd = (int)number_read(fd, 10, NULL),
                                .events = (unsigned)number_read(events, 16, NULL),
                                .inode = inode ? number_read(inode, 16, NULL) : 0};
    return true;
}

static unsigned long long inode_of(int fd)
{
    struct stat status;
    return syscall(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH) == 0 ? status.st_ino : 0;
}

/* The number may be another file's by now: the set keeps the file, and not its number. */
static bool is_still_there(const struct epoll_line *line)
{
    return !line->inode || inode_of(line->fd) == line->inode;
}

/* All sets have one inode, but other files that have no name share it. */
static bool is_set(int fd)
{
    static const char name[] = "anon_inode:[eventpoll]";
    char path[32], link[sizeof name];
    struct text text = text_in(path, sizeof path);
    text_format(&text, "/proc/self/fd/%d", fd);
    return syscall(SYS_readlinkat, AT_FDCWD, path, link, sizeof link) == sizeof name - 1 &&
           memcmp(link, name, sizeof name - 1) == 0;
}

/* Sets in a set are looked into where `depth` is left. */
static int set_search(int set, bool tcp, int depth)
{
    struct lines lines;
    struct epoll_line entry;
    const char *line;
    const unsigned long long sets = depth > 0 ? inode_of(set) : 0;
    int found = -1;
    char name[32];
    struct text text = text_in(name, sizeof name);
    text_format(&text, "fdinfo/%d", set);
    if (!lines_open(&lines, name))
        return -1;
    while (found < 0 && (line = lines_next(&lines))) {
        if (!epoll_line_read(line, &entry) || !(entry.events & EPOLLIN))
            continue;
        if (listener_is(entry.fd, tcp) && is_still_there(&entry))
            found = entry.fd;
        else if (sets && entry.inode == sets && is_set(entry.fd))
            found = set_search(entry.fd, tcp, depth - 1);
    }
    lines_close(&lines);
    return found;
}

int epoll_set_listener(int set, bool tcp)
{
    sigset_t all, mask;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &mask);
    int found = set_search(set, tcp, 1);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return found;
}
