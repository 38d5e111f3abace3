/* SPDX-License-Identifier: MIT */
/* The loader's cache: one made here, in both layouts; cut at every byte; and this machine's own. */
#include "elf/ldcache.h"
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined __x86_64__
enum { OURS = 0x0303, OTHERS = 0x0803 };
#elif defined __aarch64__
enum { OURS = 0x0a03, OTHERS = 0x0003 };
#endif

static const struct {
    int32_t flags;
    const char *name, *path;
} libraries[] = {
    {OTHERS, "libcuda.so.1", "/usr/lib32/libcuda.so.1"},
    {OURS, "libcuda.so.1", "/usr/lib64/libcuda.so.1"},
    {OURS, "libcuda.so", "/usr/lib64/libcuda.so"},
    {OURS, "libm.so.6", "/usr/lib64/libm.so.6"},
};
enum { COUNT = sizeof libraries / sizeof *libraries };

static char bytes[4096];

/* Fills `bytes` from `start` on with a cache of the libraries above; gives its end. */
static size_t cache_make(size_t start)
{
    uint32_t count = COUNT;
    size_t strings = 48 + COUNT * 24;
    strcpy(bytes + start, "glibc-ld.so.cache1.1"); /* its NUL is the lowest byte of the count */
    memcpy(bytes + start + 20, &count, sizeof count);
    for (size_t i = 0; i < COUNT; i++) {
        char *entry = bytes + start + 48 + i * 24;
        uint32_t name = (uint32_t)strings, path = name + (uint32_t)strlen(libraries[i].name) + 1;
        memcpy(entry, &libraries[i].flags, 4);
        memcpy(entry + 4, &name, 4);
        memcpy(entry + 8, &path, 4);
        strings = (size_t)path + strlen(libraries[i].path) + 1;
        strcpy(bytes + start + name, libraries[i].name);
        strcpy(bytes + start + path, libraries[i].path);
    }
    return start + strings;
}

/* The layout before, of three entries, which the newer one follows at a multiple of eight. */
static size_t older_make(void)
{
    uint32_t count = 3;
    strcpy(bytes, "ld.so-1.7.0");
    memcpy(bytes + 12, &count, sizeof count);
    return 16 + 3 * 12 + 4;
}

Test(ldcache, finds_this_machines_library)
{
    size_t size = cache_make(0);
    cr_assert_str_eq(ldcache_find(bytes, size, "libcuda.so.1"), "/usr/lib64/libcuda.so.1");
    cr_assert_str_eq(ldcache_find(bytes, size, "libm.so.6"), "/usr/lib64/libm.so.6");
    cr_assert_null(ldcache_find(bytes, size, "libcuda.so.2"));
    cr_assert_null(ldcache_find(bytes, size, "libcuda"));
}

Test(ldcache, behind_the_older_layout)
{
    size_t size = cache_make(older_make());
    cr_assert_str_eq(ldcache_find(bytes, size, "libcuda.so.1"), "/usr/lib64/libcuda.so.1");
}

Test(ldcache, other_files_have_none)
{
    memset(bytes, 'x', sizeof bytes);
    cr_assert_null(ldcache_find(bytes, sizeof bytes, "libcuda.so.1"));
    cr_assert_null(ldcache_find(bytes, 0, "libcuda.so.1"));
    older_make();
    memset(bytes + 12, 0xff, 4); /* more entries than bytes */
    cr_assert_null(ldcache_find(bytes, sizeof bytes, "libcuda.so.1"));
}

/* Cut anywhere it gives the path whole or nothing, and reads nothing beyond (make sanitize, make valgrind). */
Test(ldcache, cut_short)
{
    size_t size = cache_make(0);
    for (size_t cut = 0; cut <= size; cut++) {
        char *copy = malloc(cut + 1);
        memcpy(copy, bytes, cut);
        const char *path = ldcache_find(copy, cut, "libcuda.so.1");
        cr_assert(!path || strcmp(path, "/usr/lib64/libcuda.so.1") == 0, "%zu of %zu", cut, size);
        free(copy);
    }
}

Test(ldcache, strings_that_are_not_there)
{
    size_t size = cache_make(0);
    uint32_t far = UINT32_MAX;
    memcpy(bytes + 48 + 24 + 8, &far, 4); /* the path of the one that matches */
    cr_assert_null(ldcache_find(bytes, size, "libcuda.so.1"));
    memcpy(bytes + 48 + 24 + 4, &far, 4); /* and its name */
    cr_assert_null(ldcache_find(bytes, size, "libcuda.so.1"));
}

Test(ldcache, of_this_machine)
{
    static char own[4 << 20];
    FILE *file = fopen("/etc/ld.so.cache", "r");
    if (!file)
        cr_skip_test("there is no /etc/ld.so.cache");
    size_t size = fread(own, 1, sizeof own, file);
    fclose(file);
    const char *path = ldcache_find(own, size, "libc.so.6");
    cr_assert_not_null(path);
    cr_assert_eq(access(path, R_OK), 0, "%s", path);
}
