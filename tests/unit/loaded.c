/* SPDX-License-Identifier: MIT */
/* The list of loaded objects: what is read of it and how, which part of it stays, what is found in it. */
#include "elf/loaded.h"
#include "../hosts/filter.h"
#include "made_object.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct seen {
    size_t count, most;
    char paths[256][256];
};

static struct seen locked = {.most = 256}, unlocked = {.most = 256};

static bool see(const struct link_map *object, const char *path, bool may_go, void *argument)
{
    struct seen *seen = argument;
    (void)object, (void)may_go;
    snprintf(seen->paths[seen->count++], sizeof *seen->paths, "%s", path);
    return seen->count < seen->most;
}

static int see_locked(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)size;
    return !see(NULL, info->dlpi_name, false, argument);
}

/* The vDSO's path is in one of the lists only. */
static bool has(const struct seen *seen, const char *path)
{
    for (size_t i = 0; i < seen->count; i++)
        if (strcmp(seen->paths[i], path) == 0)
            return true;
    return false;
}

static const char one_thread = 1, threads = 0;

/* This process's, as if only the executable had been there at the start. */
static struct loaded own(const char *single_threaded)
{
    return (struct loaded){.first = _r_debug.r_map, .start_last = _r_debug.r_map, .single_threaded = single_threaded};
}

/* An object's own structures and names, of which only these are looked at. */
static struct link_map made(const char *name, struct link_map *next)
{
    return (struct link_map){.l_name = (char *)name, .l_next = next};
}

static void expect_same_list(const char *single_threaded)
{
    const struct loaded loaded = own(single_threaded);
    unlocked.count = 0;
    loaded_walk(&loaded, see, &unlocked);
    for (size_t i = 0; i < locked.count; i++)
        cr_expect(has(&unlocked, locked.paths[i]), "%s", locked.paths[i]);
    cr_expect_leq(unlocked.count, locked.count + 1);
}

Test(loaded, is_the_list_that_the_loader_gives)
{
    dl_iterate_phdr(see_locked, &locked);
    cr_assert_gt(locked.count, 3);
    expect_same_list(&one_thread);
    expect_same_list(&threads);
    expect_same_list(NULL);
    if (!filter_named("refuse-copy"))
        cr_skip_test("seccomp filters are not to be had here");
    expect_same_list(&threads);
}

Test(loaded, a_walk_ends_where_it_is_told_to)
{
    const struct loaded loaded = own(&threads);
    for (unlocked.most = 1; unlocked.most <= 3; unlocked.most++) {
        unlocked.count = 0;
        loaded_walk(&loaded, see, &unlocked);
        cr_assert_eq(unlocked.count, unlocked.most);
    }
}

/* An object that was unloaded meanwhile: its memory was given back, or used for something else. */
Test(loaded, what_is_gone_is_no_fault)
{
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 4096, 4096);
    struct link_map next = made("next", (void *)(pages + 4096)), nameless = made(pages + 4096, &next),
                    first = made("first", &nameless);
    const struct loaded loaded = {.first = &first, .start_last = &first, .single_threaded = &threads};
    loaded_walk(&loaded, see, &unlocked);
    cr_assert_eq(unlocked.count, 3);
    cr_assert_str_empty(unlocked.paths[1], "its path is gone");
    cr_assert_str_eq(unlocked.paths[2], "next");
}

/* The last bytes before a page that is not there. */
Test(loaded, a_path_at_the_end_of_memory)
{
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 4096, 4096);
    struct link_map last = made(strcpy(pages + 4096 - sizeof "/a", "/a"), NULL), first = made("first", &last);
    const struct loaded loaded = {.first = &first, .start_last = &first, .single_threaded = &threads};
    loaded_walk(&loaded, see, &unlocked);
    cr_assert_str_eq(unlocked.paths[1], "/a");
}

static bool count(const struct link_map *object, const char *path, bool may_go, void *argument)
{
    (void)object, (void)path, (void)may_go;
    return ++*(size_t *)argument;
}

Test(loaded, a_ring_ends)
{
    size_t counted = 0;
    struct link_map ring = made("ring", &ring), first = made("first", &ring);
    const struct loaded loaded = {.first = &first, .start_last = &first, .single_threaded = &threads};
    loaded_walk(&loaded, count, &counted);
    cr_assert_eq(counted, 1 + 4096);
}

/* ---- what stays -----------------------------------------------------------------------------------------------------
 */

enum { EXECUTABLE, LIBC, LOADER, DEEP, OPENED, NEEDED_BY_OPENED, LIBRARIES };

static struct object libraries[LIBRARIES];

static void libraries_link(void)
{
    static const char *const executable[3] = {"liba.so", "libc.so.6"}, *const libc[3] = {"ld.so"},
                             *const loader[3] = {"libdeep.so.1"}, *const opened[3] = {"libmore.so"},
                             *const nothing[3] = {NULL};
    object_make(&libraries[EXECUTABLE], "", NULL, executable);
    object_make(&libraries[LIBC], "/lib/libc.so.6", NULL, libc);
    object_make(&libraries[LOADER], "/lib/ld.so", NULL, loader);
    object_make(&libraries[DEEP], "/lib/libdeep-1.2.so", "libdeep.so.1", nothing);
    object_make(&libraries[OPENED], "/lib/libcuda.so.1", NULL, opened);
    object_make(&libraries[NEEDED_BY_OPENED], "/lib/libmore.so", NULL, nothing);
    for (size_t i = 0; i + 1 < LIBRARIES; i++)
        libraries[i].map.l_next = &libraries[i + 1].map;
}

/* Constructors have run before ours: what one of them has opened may be closed. */
Test(loaded, what_a_constructor_has_opened_is_not_of_the_start)
{
    struct loaded loaded;
    libraries_link();
    loaded_begin(&loaded, &libraries[EXECUTABLE].map, &threads);
    cr_expect_eq(loaded.start_last, &libraries[DEEP].map);
    cr_expect(loaded_more(&loaded));
    cr_expect_str_eq(loaded.cuda.library, "libcuda.so.1");
}

/* A copy of a library that is needed, opened by its path, bears a name that is needed and may be closed all the same.
 */
Test(loaded, a_copy_that_a_constructor_has_opened_is_not_of_the_start)
{
    static const char *const nothing[3] = {NULL};
    struct loaded loaded;
    libraries_link();
    object_make(&libraries[OPENED], "/copy/libdeep-1.3.so", "libdeep.so.1", nothing);
    libraries[OPENED].map.l_next = &libraries[NEEDED_BY_OPENED].map;
    loaded_begin(&loaded, &libraries[EXECUTABLE].map, &threads);
    cr_expect_eq(loaded.start_last, &libraries[DEEP].map);
}

/* Its file may have another name (libc-2.31.so, preloaded); where it has no name nothing after the executable is sure.
 */
Test(loaded, the_c_library_is_told_by_its_soname)
{
    static const char *const nothing[3] = {NULL};
    struct loaded loaded;
    libraries_link();
    object_make(&libraries[LIBC], "/lib/libc-2.31.so", "libc.so.6", (const char *const[3]){"ld.so"});
    libraries[LIBC].map.l_next = &libraries[LOADER].map;
    loaded_begin(&loaded, &libraries[EXECUTABLE].map, &threads);
    cr_expect_eq(loaded.start_last, &libraries[DEEP].map);
    object_make(&libraries[LIBC], "/lib/libother.so", NULL, nothing);
    libraries[LIBC].map.l_next = &libraries[LOADER].map;
    loaded_begin(&loaded, &libraries[EXECUTABLE].map, &threads);
    cr_expect_eq(loaded.start_last, &libraries[EXECUTABLE].map);
}

Test(loaded, memory_alone_tells_that_nothing_came)
{
    struct loaded loaded;
    libraries_link();
    libraries[DEEP].map.l_next = NULL;
    loaded_begin(&loaded, &libraries[EXECUTABLE].map, &threads);
    cr_expect_eq(loaded.start_last, &libraries[DEEP].map);
    cr_expect_not(loaded_more(&loaded));
    cr_expect_not(loaded_look(&loaded));
    libraries[DEEP].map.l_next = &libraries[OPENED].map;
    cr_expect(loaded_more(&loaded));
    cr_expect(loaded_look(&loaded));
    cr_expect(loaded.cuda.driver);
    libraries[DEEP].map.l_next = NULL;
}

Test(loaded, memory_alone_tells_where_there_is_one_thread)
{
    struct loaded loaded;
    libraries_link();
    loaded_begin(&loaded, &libraries[EXECUTABLE].map, &one_thread);
    loaded.single_threaded = NULL;
}

Test(loaded, of_this_process)
{
    struct loaded loaded;
    void *opened = dlopen("libm.so.6", RTLD_NOW);
    loaded_begin(&loaded, _r_debug.r_map, NULL);
    cr_expect_str_empty(loaded.cuda.library);
    const struct link_map *object = loaded.first;
    while (object != loaded.start_last && !strstr(object->l_name, "libc.so.6"))
        object = object->l_next;
    cr_expect_str_neq(object->l_name, "", "the C library was there at the start");
    dlclose(opened);
}

Test(loaded, a_library_that_was_unloaded_is_not_there_any_more)
{
    struct link_map driver = made("/lib/libcuda.so.1", NULL), runtime = made("/opt/libcudart.so.12", &driver),
                    first = made("/lib/libc.so.6", &runtime);
    struct loaded loaded = {.first = &first, .start_last = &first, .single_threaded = &threads};
    cr_assert(loaded_look(&loaded));
    cr_expect_str_eq(loaded.cuda.library, "libcudart.so.12");
    cr_expect(loaded.cuda.driver);
    runtime.l_next = NULL;
    cr_assert(loaded_look(&loaded));
    cr_expect_not(loaded.cuda.driver);
    runtime.l_name = (char *)"/lib/libother.so";
    cr_expect_not(loaded_look(&loaded));
}

/* After a "no" only what came since is looked at, unless where that ended is another object by now, or none. */
Test(loaded, a_library_that_comes_later_is_found)
{
    struct link_map driver = made("/lib/libcuda.so.1", NULL), second = made("/lib/libsecond.so", NULL),
                    first = made("/lib/libfirst.so", NULL), start = made("/lib/libc.so.6", &first);
    struct loaded loaded = {.first = &start, .start_last = &start, .single_threaded = &threads};
    cr_expect_not(loaded_look(&loaded));
    cr_expect_eq(loaded.last, &first);
    first.l_next = &second;
    cr_expect_not(loaded_look(&loaded));
    cr_expect_eq(loaded.last, &second);
    second.l_next = &driver;
    cr_expect(loaded_look(&loaded));
    second.l_next = NULL;
    cr_expect_not(loaded_look(&loaded), "it was unloaded");
    cr_expect_not(loaded_look(&loaded));
    second = made("/lib/libcuda.so.1", NULL);
    cr_expect(loaded_look(&loaded), "another object in the same place");
}

Test(loaded, the_last_object_is_gone)
{
    struct link_map *pages = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct link_map driver = made("/lib/libcuda.so.1", NULL), start = made("/lib/libc.so.6", pages);
    struct loaded loaded = {.first = &start, .start_last = &start, .single_threaded = &threads};
    *pages = made("/lib/libfirst.so", NULL);
    cr_expect_not(loaded_look(&loaded));
    cr_expect_eq(loaded.last, pages);
    munmap(pages, 4096);
    start.l_next = &driver;
    cr_expect(loaded_look(&loaded));
}

/* ---- whose code -----------------------------------------------------------------------------------------------------
 */

static int own_code(void)
{
    return 0;
}

Test(loaded, whose_code_an_address_is)
{
    const void *own_at = (const void *)(uintptr_t)own_code, *libc_code = dlsym(RTLD_DEFAULT, "getppid"),
               *criterion_code = dlsym(RTLD_DEFAULT, "criterion_run_all_tests");
    const enum soname_role others = SONAME_CUDA | SONAME_LISTENS | SONAME_SERVES | SONAME_STARTS;
    cr_assert(libc_code && criterion_code);
    for (const char *const *single = (const char *const[]){&one_thread, &threads, NULL}; *single; single++) {
        const struct loaded loaded = own(*single);
        cr_expect(loaded_has_code(&loaded, libc_code, SONAME_RUNTIME));
        cr_expect_not(loaded_has_code(&loaded, libc_code, others));
        cr_expect_not(loaded_has_code(&loaded, criterion_code, others | SONAME_RUNTIME));
        cr_expect_not(loaded_has_code(&loaded, own_at, others | SONAME_RUNTIME));
    }
}
