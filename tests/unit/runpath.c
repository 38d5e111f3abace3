/* SPDX-License-Identifier: MIT */
/*
 * Whether the program may find another driver: objects made by hand, as the loader lists them, and a folder that holds
 * a libcuda.so.1.
 */
#include "elf/runpath.h"
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
    ElfW(Dyn) dynamic[6];
    char path[PATH_MAX], strings[PATH_MAX];
};

static struct object objects[2]; /* the executable and a library */
static char folder[64], found[PATH_MAX];

/* FOLDER/own has a driver, and so has FOLDER/lib; FOLDER/bare has none. */
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
    snprintf(path, sizeof path, "%s/lib", folder);
    cr_assert_eq(symlink("own", path), 0);
}

static void teardown(void)
{
    static const char *const names[] = {"/own/libcuda.so.1", "/lib", "/own", "/bare", ""};
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s%s", folder, names[i]);
        cr_assert_eq(remove(path), 0, "%s", path);
    }
}

TestSuite(runpath, .init = setup, .fini = teardown);

/*
 * `name` is in FOLDER; in its search list (NULL: it has none) every "@" stands for FOLDER. The list is after a NUL,
 * since a list at the start of the strings is none.
 */
static void object_make_of(struct object *object, const char *name, ElfW(Sxword) kind, const char *runpath)
{
    *object = (struct object){.map = {.l_name = object->path, .l_ld = object->dynamic}};
    snprintf(object->path, sizeof object->path, "%s/%s", folder, name);
    char *list = object->strings + 1;
    for (const char *c = runpath; c && *c; c++)
        snprintf(list + strlen(list), sizeof folder, *c == '@' ? "%s" : "%.1s", *c == '@' ? folder : c);
    object->dynamic[0] = (ElfW(Dyn)){.d_tag = DT_STRTAB, .d_un = {.d_ptr = (ElfW(Addr))object->strings}};
    object->dynamic[1] = (ElfW(Dyn)){.d_tag = DT_STRSZ, .d_un = {.d_val = sizeof object->strings}};
    object->dynamic[2] = (ElfW(Dyn)){.d_tag = runpath ? kind : DT_NULL, .d_un = {.d_val = 1}};
}

static void object_make(struct object *object, const char *name, const char *runpath)
{
    object_make_of(object, name, DT_RUNPATH, runpath);
}

/* With LD_LIBRARY_PATH, or NULL. */
static bool search(const char *library_path)
{
    struct loaded loaded = {.first = &objects[0].map, .start_last = &objects[0].map};
    loaded.start_last = objects[0].map.l_next ? objects[0].map.l_next : &objects[0].map;
    loaded.cuda.driver = strstr(objects[1].path, "libcuda.so.1") != NULL;
    return runpath_has_driver(&loaded, NULL, library_path, found, sizeof found);
}

/* The executable with one RUNPATH, and a library with another one. */
static bool has_driver(const char *runpath, const char *library, const char *library_runpath)
{
    object_make(&objects[0], "server", runpath);
    object_make(&objects[1], library, library_runpath);
    objects[0].map.l_next = &objects[1].map;
    return search(NULL);
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
        {"@/$LIB", true},        {"@/${LIB}/.", true},
        {"@/$LIBRARY", false},   {"@/$OTHER/own", false},
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
    cr_assert(has_driver(NULL, "libworker.so", "@/own"), "it may be what opens the driver");
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
    cr_assert(search(NULL));
    *strrchr(program, '/') = '\0';
    cr_assert_eq(strncmp(found, program, strlen(program)), 0, "%s is not below %s", found, program);
}

/* Nothing is written behind the end. */
Test(runpath, no_room)
{
    char small[16];
    object_make(&objects[0], "server", "@/own");
    memset(small, 'z', sizeof small);
    const struct loaded loaded = {.first = &objects[0].map, .start_last = &objects[0].map};
    runpath_has_driver(&loaded, NULL, NULL, small, sizeof small - 4);
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
    const struct loaded loaded = {.first = &objects[0].map, .start_last = &objects[0].map};
    cr_assert(runpath_has_driver(&loaded, NULL, NULL, shown, sizeof shown));
    cr_expect_eq(strlen(shown), sizeof shown - 1);
}

/* DT_RPATH comes before LD_LIBRARY_PATH, DT_RUNPATH after it; what leads to our file is no other. */
Test(runpath, our_own_file_is_no_other)
{
    char own[PATH_MAX], lib[PATH_MAX], bare[PATH_MAX];
    snprintf(own, sizeof own, "%s/own", folder);
    snprintf(lib, sizeof lib, "%s/lib", folder);
    snprintf(bare, sizeof bare, "/nowhere:%s/bare", folder);
    object_make(&objects[1], "libfirst.so", NULL);
    object_make_of(&objects[0], "server", DT_RPATH, "@/lib");
    objects[0].map.l_next = &objects[1].map;
    cr_expect(search(NULL));
    cr_expect(search(bare));
    cr_expect_not(search(own), "a link to it");
    cr_expect_not(search(lib));
    object_make_of(&objects[0], "server", DT_RUNPATH, "@/own");
    objects[0].map.l_next = &objects[1].map;
    cr_expect(search(bare));
    cr_expect(search(""));
    char there[PATH_MAX];
    snprintf(there, sizeof there, "%s/bare/libcuda.so.1", folder);
    cr_assert_eq(link(strcat(strcpy(own, folder), "/own/libcuda.so.1"), there), 0);
    cr_expect_not(search(bare), "LD_LIBRARY_PATH comes first");
    object_make_of(&objects[0], "server", DT_RPATH, "@/own");
    objects[0].map.l_next = &objects[1].map;
    cr_expect(search(bare), "it comes second");
    cr_assert_eq(unlink(there), 0);
}

/* The same of a library that another thread may unload, and that is not all there. */
Test(runpath, of_what_may_go)
{
    object_make(&objects[0], "server", NULL);
    object_make(&objects[1], "libworker.so", "@/own");
    objects[0].map.l_next = &objects[1].map;
    const char threads = 0;
    const struct loaded loaded = {.first = &objects[0].map, .start_last = &objects[0].map, .single_threaded = &threads};
    cr_expect(runpath_has_driver(&loaded, NULL, NULL, found, sizeof found));
    objects[1].map.l_ld = NULL;
    cr_expect_not(runpath_has_driver(&loaded, NULL, NULL, found, sizeof found));
}
