/* SPDX-License-Identifier: MIT */
/*
 * Whether the program has a driver of its own: objects made by hand, as the loader lists them, and a folder that holds
 * a libcuda.so.1. Only the executable's and CUDA libraries' RUNPATH counts, and only where no driver is loaded.
 */
#include "runpath.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct object {
    struct link_map map;
    ElfW(Dyn) dynamic[4];
    char path[PATH_MAX], strings[PATH_MAX];
};

static struct object objects[2]; /* the executable and a library */
static char folder[64], found[PATH_MAX];

/* FOLDER/own has a driver, FOLDER/bare has none. */
static void setup(void)
{
    char path[PATH_MAX];
    strcpy(folder, "/tmp/gpuwarm-runpath-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/bare", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/own", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/own/libcuda.so.1", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    close(fd);
}

static void teardown(void)
{
    static const char *const names[] = {"/own/libcuda.so.1", "/own", "/bare", ""};
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s%s", folder, names[i]);
        cr_assert_eq(remove(path), 0, "%s", path);
    }
}

TestSuite(runpath, .init = setup, .fini = teardown);

/* `name` is in FOLDER; in `runpath` (NULL: it has none) every "@" stands for FOLDER. */
static void object_make(struct object *object, const char *name, const char *runpath)
{
    *object = (struct object){.map = {.l_name = object->path, .l_ld = object->dynamic}};
    snprintf(object->path, sizeof object->path, "%s/%s", folder, name);
    for (const char *c = runpath; c && *c; c++)
        snprintf(object->strings + strlen(object->strings), sizeof folder, *c == '@' ? "%s" : "%.1s",
                 *c == '@' ? folder : c);
    object->dynamic[0] = (ElfW(Dyn)){.d_tag = DT_STRTAB, .d_un = {.d_ptr = (ElfW(Addr))object->strings}};
    object->dynamic[1] = (ElfW(Dyn)){.d_tag = DT_STRSZ, .d_un = {.d_val = sizeof object->strings}};
    object->dynamic[2] = (ElfW(Dyn)){.d_tag = runpath ? DT_RUNPATH : DT_NULL, .d_un = {.d_val = 0}};
}

/* The executable with one RUNPATH, and a library with another one. */
static bool has_driver(const char *runpath, const char *library, const char *library_runpath)
{
    object_make(&objects[0], "server", runpath);
    object_make(&objects[1], library, library_runpath);
    objects[0].map.l_next = &objects[1].map;
    return runpath_has_driver(&(struct image){.maps = &objects[0].map}, found, sizeof found);
}

Test(runpath, of_the_executable)
{
    static const struct {
        const char *runpath;
        bool has;
    } rows[] = {
        {NULL, false},           {"", false},
        {"@/own", true},         {"@/bare", false},
        {"@/nowhere", false},    {"@/bare:@/own", true},
        {"@/own:@/bare", true},  {":@/own:", true},
        {"::", false},           {"@/ow", false},
        {"@/own/x", false},      {"$ORIGIN/own", true},
        {"${ORIGIN}/own", true}, {"$ORIGIN/bare:$ORIGIN/bare/../own", true},
        {"$ORIGIN", false},      {"$LIB/own", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        cr_assert_eq(has_driver(rows[i].runpath, "libc.so.6", NULL), rows[i].has, "%s", rows[i].runpath);
}

Test(runpath, says_where)
{
    char wanted[PATH_MAX];
    snprintf(wanted, sizeof wanted, "%s/own/libcuda.so.1", folder);
    cr_assert(has_driver("@/bare:@/own", "libc.so.6", NULL));
    cr_assert_str_eq(found, wanted);
    cr_assert(has_driver("$ORIGIN/own", "libc.so.6", NULL));
    cr_assert_str_eq(found, wanted);
}

Test(runpath, of_a_library)
{
    cr_assert(has_driver(NULL, "libcudart.so.12", "@/own"));
    cr_assert(has_driver("@/bare", "libcudart.so.12", "$ORIGIN/own"));
    cr_assert_not(has_driver(NULL, "libcudart.so.12", "@/bare"));
    cr_assert_not(has_driver(NULL, "libssl.so.3", "@/own"), "its RUNPATH is not for what CUDA opens");
}

/* What is loaded already is what the program and we are given, wherever it came from. */
Test(runpath, driver_is_loaded)
{
    cr_assert_not(has_driver("@/own", "libcuda.so.1", NULL));
    cr_assert_not(has_driver("@/own", "libcuda.so.1", "@/own"));
}

/* The loader gives the executable no name: its folder is that of the running program, which has no driver in it. */
Test(runpath, executable_without_a_name)
{
    char program[PATH_MAX] = "";
    cr_assert_gt(readlink("/proc/self/exe", program, sizeof program - 1), 0);
    object_make(&objects[0], "server", "$ORIGIN/../../../../../../../../../../../../@/own");
    objects[0].path[0] = '\0';
    cr_assert(runpath_has_driver(&(struct image){.maps = &objects[0].map}, found, sizeof found));
    *strrchr(program, '/') = '\0';
    cr_assert_eq(strncmp(found, program, strlen(program)), 0, "%s is not below %s", found, program);
}

/* Nothing is written behind the end. */
Test(runpath, no_room)
{
    char small[16];
    object_make(&objects[0], "server", "@/own");
    memset(small, 'z', sizeof small);
    runpath_has_driver(&(struct image){.maps = &objects[0].map}, small, sizeof small - 4);
    cr_assert_not_null(memchr(small, '\0', sizeof small - 4));
    cr_assert_eq(memcmp(small + sizeof small - 4, "zzzz", 4), 0);
}

Test(runpath, an_empty_entry_is_the_current_folder)
{
    char own[PATH_MAX];
    cr_assert_not(has_driver("@/bare:", "libcudart.so.12", NULL));
    snprintf(own, sizeof own, "%s/own", folder);
    cr_assert_eq(chdir(own), 0);
    cr_assert(has_driver("@/bare:", "libcudart.so.12", NULL));
    cr_expect_str_eq(found, "libcuda.so.1");
    cr_assert_eq(chdir("/"), 0);
}

Test(runpath, a_long_path_is_found_and_cut_off_where_it_is_shown)
{
    char shown[16];
    object_make(&objects[0], "server", "@/own");
    objects[0].map.l_next = NULL;
    cr_assert(runpath_has_driver(&(struct image){.maps = &objects[0].map}, shown, sizeof shown));
    cr_expect_eq(strlen(shown), sizeof shown - 1);
}
