/* SPDX-License-Identifier: MIT */
/*
 * What the driver keeps in a process from cuInit on: descriptors (its device files), an abstract listening local
 * socket, and two threads, one of which polls that socket. Every later call fails when the program has closed the
 * descriptors, so programs that close all they have are tested against what the real driver does to them.
 *
 * Also the one thing that processes share here: a GPU in exclusive mode is held by binding an abstract socket name,
 * which the kernel gives back when the holder ends. Processes with the same SIMCUDA_JOURNAL are on the same machine.
 */
#include "simcuda.h"
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { KEPT_FILES = 3, KEPT = 5 };

static struct {
    int fd;
    dev_t device;
    ino_t inode;
} kept[KEPT];

static void kept_set(int index, int fd)
{
    struct stat status;
    kept[index].fd = fd;
    if (fd >= 0 && fstat(fd, &status) == 0) {
        kept[index].device = status.st_dev;
        kept[index].inode = status.st_ino;
    }
}

bool simcuda_resident_intact(void)
{
    struct stat status;
    for (int i = 0; i < KEPT; i++)
        if (fstat(kept[i].fd, &status) != 0 || status.st_ino != kept[i].inode || status.st_dev != kept[i].device)
            return false;
    return true;
}

/* Waits for a connection that never comes, as the driver's own thread does. */
static void *thread_socket(void *listener)
{
    struct pollfd waited = {.fd = *(int *)listener, .events = POLLIN};
    while (poll(&waited, 1, -1) >= 0 && !(waited.revents & (POLLNVAL | POLLERR | POLLHUP)))
        waited.revents = 0;
    return NULL;
}

static void *thread_event(void *event)
{
    uint64_t value;
    while (read(*(int *)event, &value, sizeof value) == sizeof value)
        ;
    return NULL;
}

/* The threads inherit the signal mask of the thread that calls cuInit: assumed, as the less forgiving case. */
static bool thread_start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    bool started = pthread_create(&thread, NULL, run, argument) == 0;
    if (started)
        pthread_detach(thread);
    return started;
}

/* By the name that the driver gives it, of the process and its name space: "@cuda-uvmfd-4026531836-1234". */
static bool socket_name(int fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat space = {.st_ino = 0};
    if (stat("/proc/self/ns/pid", &space) != 0)
        space.st_ino = 0;
    int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "cuda-uvmfd-%lu-%d",
                          (unsigned long)space.st_ino, getpid());
    return bind(fd, (struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) == 0;
}

static bool kept_make(void)
{
    for (int i = 0; i < KEPT_FILES; i++)
        kept_set(i, memfd_create("simulated device", MFD_CLOEXEC));
    kept_set(3, eventfd(0, EFD_CLOEXEC));
    kept_set(4, socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!simcuda_resident_intact() || !socket_name(kept[4].fd) || listen(kept[4].fd, 1) != 0)
        return false;
    return thread_start(thread_socket, &kept[4].fd) && thread_start(thread_event, &kept[3].fd);
}

/* After a failure nothing is left, so that a later cuInit can succeed; a thread that polls sees the socket shut down.
 */
bool simcuda_resident_start(void)
{
    if (kept_make())
        return true;
    shutdown(kept[4].fd, SHUT_RDWR);
    for (int i = 0; i < KEPT; i++)
        if (kept[i].fd >= 0)
            close(kept[i].fd);
    return false;
}

bool simcuda_exclusive_take(unsigned physical)
{
    static int taken[SIMCUDA_DEVICES_MAX];
    if (!simcuda_settings()->exclusive || taken[physical])
        return true;
    uint32_t machine = 2166136261u; /* FNV-1a of the journal's name */
    for (const char *c = simcuda_settings()->journal; *c; c++)
        machine = (machine ^ (unsigned char)*c) * 16777619u;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length =
        snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "simcuda-%u-%08x-%u", getuid(), machine, physical);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    if (bind(fd, (struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length))) {
        close(fd);
        return false;
    }
    taken[physical] = 1;
    return true;
}
