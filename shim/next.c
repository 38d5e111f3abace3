/* SPDX-License-Identifier: MIT */
/* See next.h. */
#include "next.h"
#include "object.h"
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { KERNEL_MASK_BYTES = 8 }; /* of a signal mask as the kernel takes it: 64 signals */

/* The system calls, for the case that no object is found to have the function: not points of cancellation, as those
 * are. */
static int raw_listen(int fd, int backlog)
{
    return (int)syscall(SYS_listen, fd, backlog);
}

static int raw_accept4(int fd, void *address, void *length, int flags)
{
    return (int)syscall(SYS_accept4, fd, address, length, flags);
}

static int raw_accept(int fd, void *address, void *length)
{
    return raw_accept4(fd, address, length, 0);
}

static int raw_ppoll(struct pollfd *fds, unsigned long count, const struct timespec *timeout, const void *mask)
{
    struct timespec left = timeout ? *timeout : (struct timespec){0, 0};
    return (int)syscall(SYS_ppoll, fds, count, timeout ? &left : NULL, mask, KERNEL_MASK_BYTES);
}

static int raw_poll(struct pollfd *fds, unsigned long count, int ms)
{
    const struct timespec timeout = {ms / 1000, ms % 1000 * 1000000L};
    return raw_ppoll(fds, count, ms < 0 ? NULL : &timeout, NULL);
}

static int raw___poll_chk(struct pollfd *fds, unsigned long count, int ms, size_t size)
{
    (void)size;
    return raw_poll(fds, count, ms);
}

static int raw___ppoll_chk(struct pollfd *fds, unsigned long count, const struct timespec *timeout, const void *mask,
                           size_t size)
{
    (void)size;
    return raw_ppoll(fds, count, timeout, mask);
}

static int raw_pselect(int count, void *reads, void *writes, void *errors, const struct timespec *timeout,
                       const void *mask)
{
    struct timespec left = timeout ? *timeout : (struct timespec){0, 0};
    const struct {
        const void *mask;
        size_t bytes;
    } masked = {mask, KERNEL_MASK_BYTES};
    return (int)syscall(SYS_pselect6, count, reads, writes, errors, timeout ? &left : NULL, &masked);
}

static int raw_select(int count, void *reads, void *writes, void *errors, struct timeval *timeout)
{
    struct timespec left =
        timeout ? (struct timespec){timeout->tv_sec, timeout->tv_usec * 1000} : (struct timespec){0, 0};
    int ready = (int)syscall(SYS_pselect6, count, reads, writes, errors, timeout ? &left : NULL, NULL);
    if (timeout)
        *timeout = (struct timeval){left.tv_sec, left.tv_nsec / 1000};
    return ready;
}

static int raw_epoll_ctl(int epoll, int operation, int fd, void *event)
{
    return (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);
}

void next_complete(struct next *some)
{
#define HOOK(name, parameters, arguments)                                                                              \
    if (!some->name)                                                                                                   \
        some->name = raw_##name;
#include "hooks.def"
#undef HOOK
}

/* The first call of each, where nothing was found before. */
#define HOOK(name, parameters, arguments)                                                                              \
    static int first_##name(REGISTERS)                                                                                 \
    {                                                                                                                  \
        next_find();                                                                                                   \
        return next_reached.name(PASSED);                                                                              \
    }
#include "hooks.def"
#undef HOOK

struct next next;
struct next_known next_known;
struct next_reached next_reached = {
#define HOOK(name, parameters, arguments) .name = first_##name,
#include "hooks.def"
#undef HOOK
};

struct search {
    bool passed; /* our own object: what comes after it in the loader's order is next */
    struct next found;
    struct next_known known;
};

static int search_object(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct search *search = argument;
    struct link_map object = {.l_addr = info->dlpi_addr};
    void *function;
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            object.l_ld = (ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    if (search->passed && object.l_ld) {
        /* Before glibc 2.34 accept and others are also in libpthread. */
        bool is_libc = object_symbol(&object, "gnu_get_libc_version") || object_symbol(&object, "pthread_create");
#define HOOK(name, parameters, arguments)                                                                              \
    if (!search->found.name && (function = object_symbol(&object, #name))) {                                           \
        memcpy(&search->found.name, &function, sizeof function);                                                       \
        search->known.name = is_libc;                                                                                  \
    }
#include "hooks.def"
#undef HOOK
    }
    search->passed |= object.l_ld == _DYNAMIC;
    return 0;
}

void next_find(void)
{
    struct search search = {.passed = false};
    dl_iterate_phdr(search_object, &search);
    next_complete(&search.found);
    /* One whole pointer at a time: another thread may be calling, or doing the same, or have gone on from there. */
#define HOOK(name, parameters, arguments)                                                                              \
    anything first_of_##name = first_##name;                                                                           \
    __atomic_store_n(&next.name, search.found.name, __ATOMIC_RELAXED);                                                 \
    next_known.name = search.known.name;                                                                               \
    __atomic_compare_exchange_n(&next_reached.name, &first_of_##name, (anything)(void (*)(void))next.name, false,      \
                                __ATOMIC_RELEASE, __ATOMIC_RELAXED);
#include "hooks.def"
#undef HOOK
}

void next_reach(void)
{
#define HOOK(name, parameters, arguments)                                                                              \
    __atomic_store_n(&next_reached.name, (anything)(void (*)(void))next.name, __ATOMIC_RELAXED);
#include "hooks.def"
#undef HOOK
}
