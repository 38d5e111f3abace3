/* SPDX-License-Identifier: MIT */
/* The list of loaded objects without the loader's lock, and what is asked of it: who called, is there a CUDA library.
 */
#include "unlocked.h"
#include "caller.h"
#include "presence.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct seen {
    size_t count, most;
    char paths[256][256];
};

static struct seen locked = {.most = 256}, unlocked = {.most = 256};

static bool see(ElfW(Addr) address, const char *path, void *argument)
{
    struct seen *seen = argument;
    (void)address;
    snprintf(seen->paths[seen->count++], sizeof *seen->paths, "%s", path);
    return seen->count < seen->most;
}

static int see_locked(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)size;
    return !see(info->dlpi_addr, info->dlpi_name, argument);
}

/* The vDSO's path is in one of the lists only. */
static bool has(const struct seen *seen, const char *path)
{
    for (size_t i = 0; i < seen->count; i++)
        if (strcmp(seen->paths[i], path) == 0)
            return true;
    return false;
}

/* Emulators and some containers do not have it. */
static void skip_where_memory_cannot_be_read(void)
{
    char from = 1, to = 0;
    struct iovec here = {&to, 1}, there = {&from, 1};
    if (syscall(SYS_process_vm_readv, getpid(), &here, 1UL, &there, 1UL, 0UL) != 1)
        cr_skip_test("there is no process_vm_readv here");
}

TestSuite(unlocked, .init = skip_where_memory_cannot_be_read);
TestSuite(caller, .init = skip_where_memory_cannot_be_read);

static const struct link_map *own(void)
{
    return _r_debug.r_map;
}

Test(unlocked, is_the_same_list)
{
    dl_iterate_phdr(see_locked, &locked);
    cr_assert_gt(locked.count, 3);
    for (int alone = 0; alone < 2; alone++) {
        unlocked.count = 0;
        const struct link_map *last = unlocked_walk(own(), alone, see, &unlocked);
        for (size_t i = 0; i < locked.count; i++)
            cr_expect(has(&unlocked, locked.paths[i]), "%s", locked.paths[i]);
        cr_expect_leq(unlocked.count, locked.count + 1);
        cr_expect_null(last->l_next);
        cr_expect(unlocked_is_last(last));
        cr_expect_not(unlocked_is_last(own()));
    }
}

Test(unlocked, ends_where_it_is_told_to)
{
    unlocked.most = 2;
    cr_assert_eq(unlocked_walk(own(), false, see, &unlocked), own()->l_next);
    cr_assert_eq(unlocked.count, 2);
}

/* An object that was unloaded meanwhile: its memory was given back, or used for something else. */
Test(unlocked, what_is_gone_is_no_fault)
{
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct link_map *gone = (void *)(pages + 4096);
    struct link_map next = {.l_name = (char *)"next", .l_next = gone},
                    first = {.l_name = pages + 4096, .l_next = &next};
    munmap(pages + 4096, 4096);
    cr_assert_eq(unlocked_walk(&first, false, see, &unlocked), &next);
    cr_assert_eq(unlocked.count, 2);
    cr_assert_str_empty(unlocked.paths[0], "its path is gone");
    cr_assert_str_eq(unlocked.paths[1], "next");
    cr_assert_not(unlocked_is_last(gone));
}

/* The last bytes before a page that is not there. */
Test(unlocked, a_path_at_the_end_of_memory)
{
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct link_map object = {.l_name = strcpy(pages + 4096 - sizeof "/a", "/a")};
    munmap(pages + 4096, 4096);
    unlocked_walk(&object, false, see, &unlocked);
    cr_assert_str_eq(unlocked.paths[0], "/a");
}

static bool count(ElfW(Addr) address, const char *path, void *argument)
{
    (void)address, (void)path;
    return ++*(size_t *)argument;
}

Test(unlocked, a_ring_ends)
{
    size_t counted = 0;
    struct link_map ring = {.l_name = (char *)"ring", .l_next = &ring};
    unlocked_walk(&ring, false, count, &counted);
    cr_assert_eq(counted, 4096);
}

static bool is_libc(const char *soname)
{
    return strncmp(soname, "libc.so", 7) == 0 || strncmp(soname, "libc-2", 6) == 0;
}

static bool is_criterion(const char *soname)
{
    return strncmp(soname, "libcriterion", 12) == 0;
}

static bool is_executable(const char *soname)
{
    return !soname[0] || strncmp(soname, "unit-tests", 10) == 0;
}

Test(caller, is_found_with_the_lock_and_without)
{
    const void *own_code = (const void *)(uintptr_t)is_libc, *libc_code = dlsym(RTLD_DEFAULT, "getppid");
    const struct link_map *lists[] = {NULL, own()};
    for (int i = 0; i < 2; i++) {
        cr_expect(caller_matches(libc_code, is_libc, lists[i]), "%d", i);
        cr_expect_not(caller_matches(libc_code, is_criterion, lists[i]), "%d", i);
        cr_expect_not(caller_matches(libc_code, is_executable, lists[i]), "%d", i);
        cr_expect(caller_matches(own_code, is_executable, lists[i]), "%d", i);
        cr_expect_not(caller_matches(own_code, is_libc, lists[i]), "%d", i);
    }
}

Test(presence, is_seen_without_the_lock_and_looked_for_again_when_something_was_loaded)
{
    skip_where_memory_cannot_be_read();
    struct presence presence = {.looked = false};
    struct link_map driver = {.l_name = (char *)"/lib/libcuda.so.1"};
    struct link_map runtime = {.l_name = (char *)"/opt/libcudart.so.12", .l_next = &driver};
    struct link_map libc = {.l_name = (char *)"/lib/libc.so.6"};
    cr_assert_not(presence_unlocked(&presence, &libc, true));
    cr_assert_not(presence_unlocked(&presence, &libc, false));
    libc.l_next = &runtime;
    cr_assert(presence_unlocked(&presence, &libc, false));
    cr_assert_str_eq(presence.library, "libcudart.so.12");
    cr_assert(presence.driver);
}
