/* SPDX-License-Identifier: MIT */
/* See real.h. */
#include "interpose/real.h"
#include "base/signals.h"
#include "elf/image.h"
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

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
    return (int)syscall(SYS_ppoll, fds, count, timeout ? &left : NULL, mask, SIGNALS_MASK_BYTES);
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
    } masked = {mask, SIGNALS_MASK_BYTES};
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

static int raw_epoll_pwait(int epoll, void *events, int count, int ms, const void *mask)
{
    return (int)syscall(SYS_epoll_pwait, epoll, events, count, ms, mask, SIGNALS_MASK_BYTES);
}

static int raw_epoll_wait(int epoll, void *events, int count, int ms)
{
    return raw_epoll_pwait(epoll, events, count, ms, NULL);
}

/* Handlers of pthread_atfork do not run: they are the C library's. */
static int raw_fork(void)
{
    return (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

void real_complete(struct real *some)
{
#define HOOK(name, parameters, arguments)                                                                              \
    if (!some->name)                                                                                                   \
        some->name = raw_##name;
#include "interpose/hooks.def"
#undef HOOK
}

const ElfW(auxv_t) * real_auxiliary;

static void first_find(void);

/* The first call of each, where nothing was found before. */
#define HOOK(name, parameters, arguments)                                                                              \
    static int first_##name(REGISTERS)                                                                                 \
    {                                                                                                                  \
        first_find();                                                                                                  \
        return jump_table.name(PASSED);                                                                                \
    }
#include "interpose/hooks.def"
#undef HOOK

struct real real;
struct real_known real_known;
struct jump_table jump_table = {
#define HOOK(name, parameters, arguments) .name = first_##name,
#include "interpose/hooks.def"
#undef HOOK
};

static const struct jump_table first_of = {
#define HOOK(name, parameters, arguments) .name = first_##name,
#include "interpose/hooks.def"
#undef HOOK
};

static const char names[][16] = {
#define HOOK(name, parameters, arguments) #name,
#include "interpose/hooks.def"
#undef HOOK
};

enum { HOOKS = sizeof names / sizeof *names };

/* The structures are one pointer (one byte) for each hook, in the order of the names: gone through as arrays. */
typedef void *slot __attribute__((may_alias));
_Static_assert(sizeof real == HOOKS * sizeof(slot) && sizeof jump_table == sizeof real, "a pointer each");
_Static_assert(sizeof real_known == HOOKS * sizeof(bool), "a byte each");

struct search {
    bool passed; /* our own object */
    struct real found;
    bool known[HOOKS];
};

/* The functions that the object defines, where none was found before. */
static void search_object(struct search *search, const struct object_tables *tables)
{
    slot *found = (slot *)&search->found;
    /* Before glibc 2.34 accept and others are also in libpthread. */
    bool is_known = object_find(tables, "gnu_get_libc_version") || object_find(tables, "pthread_create");
    for (size_t i = 0; i < HOOKS; i++)
        if (!found[i] && (found[i] = object_find(tables, names[i])))
            search->known[i] = is_known;
}

/*
 * What comes after our own object is next, as far as the C library, which has all of them: so nothing is read that may
 * be unloaded. Where the program itself opened this library, we are behind the C library and stand before nothing.
 * Tools that are preloaded wrap __libc_start_main too, so that alone does not tell the C library. Is this the last?
 */
static bool search_in(struct search *search, const struct link_map *object)
{
    const struct object_tables tables = object_tables(object);
    bool is_libc = object_find(&tables, "__libc_start_main") && object_find(&tables, "gnu_get_libc_version");
    if (search->passed || is_libc)
        search_object(search, &tables);
    search->passed |= object->l_ld == _DYNAMIC;
    return is_libc;
}

static void search_objects(struct search *search, const struct link_map *objects)
{
    for (bool is_libc = false; objects && !is_libc; objects = objects->l_next)
        is_libc = search_in(search, objects);
}

static int search_listed(struct dl_phdr_info *info, size_t size, void *search)
{
    struct link_map object = {.l_addr = info->dlpi_addr};
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            object.l_ld = (ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    return object.l_ld && search_in(search, &object);
}

void real_find(const struct link_map *objects)
{
    struct search search = {.known = {false}};
    const slot *found = (const slot *)&search.found, *first = (const slot *)&first_of;
    if (objects)
        search_objects(&search, objects);
    else
        dl_iterate_phdr(search_listed, &search);
    real_complete(&search.found);
    /* One whole pointer at a time: another thread may be calling, or doing the same, or have gone on from there. */
    for (size_t i = 0; i < HOOKS; i++) {
        slot expected = first[i];
        __atomic_store_n(&((slot *)&real)[i], found[i], __ATOMIC_RELAXED);
        ((bool *)&real_known)[i] = search.known[i];
        __atomic_compare_exchange_n(&((slot *)&jump_table)[i], &expected, found[i], false, __ATOMIC_RELEASE,
                                    __ATOMIC_RELAXED);
    }
}

static void first_find(void)
{
    enum { ENTRIES_MAX = 64 }; /* some 25 on Linux 6 */
    ElfW(auxv_t) copy[ENTRIES_MAX];
    int saved = errno;
    struct start start = {.auxiliary = real_auxiliary};
    if (!start.auxiliary && auxv_read_own(copy, sizeof copy))
        start.auxiliary = copy;
    real_find(start.auxiliary ? image_objects(&start) : NULL);
    errno = saved;
}

void jump_table_reset(void)
{
    for (size_t i = 0; i < HOOKS; i++)
        __atomic_store_n(&((slot *)&jump_table)[i], ((const slot *)&real)[i], __ATOMIC_RELAXED);
}
