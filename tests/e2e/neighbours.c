/* SPDX-License-Identifier: MIT */
/*
 * Others in the same process: libraries that are preloaded too, sanitizers, an audit library, and programs that are
 * linked or find their libraries in other ways. Each program must do the same with both as with the other alone.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(neighbours, .init = run_setup, .fini = run_teardown);

static size_t warm_ups(void)
{
    return journal_calls(journal_read(), "cuLaunchKernel", "name=gpuwarm_kernel");
}

/* `argv` with the library, in `environment` and as `preload` says, ends and prints as `without` did. */
static void expect_same(const struct run *without, const char *preload, const char *const *argv,
                        const char *const *environment)
{
    const char *all[16] = {preload};
    for (int i = 0; environment && environment[i]; i++)
        all[i + 1] = environment[i];
    journal_clear();
    struct run with = run_program(PLAIN, argv, all);
    cr_expect_eq(with.status, without->status, "%s %s: %d", argv[0], preload, with.status);
    cr_expect_str_eq(with.out, without->out, "%s", preload);
    cr_expect_str_eq(with.err, without->err, "%s: %s", preload, with.err);
}

/* ---- what else is preloaded -----------------------------------------------------------------------------------------
 */

/* A library of the system by its file name, or NULL: not there, or for another kind of machine. */
static const char *system_library(const char *name)
{
    glob_t found;
    const char *library = NULL;
    if (glob(run_env("/usr/lib/*/%s", name), 0, NULL, &found) != 0)
        return NULL;
    for (size_t i = 0; i < found.gl_pathc && !library; i++) {
        struct run run = run_program(PLAIN, LIST("/bin/true"), LIST(run_env("LD_PRELOAD=%s", found.gl_pathv[i])));
        if (run.status == 0 && !run.err[0])
            library = strdup(found.gl_pathv[i]);
    }
    globfree(&found);
    return library;
}

/* With the neighbour alone, then with the library before and after it; how often it was warmed, in each order alike. */
static size_t beside(const char *neighbour, const char *const *argv, const char *const *environment)
{
    const char *library = run_build("libgpuwarm.so"), *all[16] = {run_env("LD_PRELOAD=%s", neighbour)};
    for (int i = 0; environment && environment[i]; i++)
        all[i + 1] = environment[i];
    /* libsocket_wrapper by itself lets the simulated driver fail now and then, on a busy machine (seen on Debian 13).
     */
    struct run alone = run_program(PLAIN, argv, environment), without = run_program(PLAIN, argv, all);
    for (int tries = 1; tries < 5 && without.status != alone.status; tries++)
        without = run_program(PLAIN, argv, all);
    cr_assert_eq(without.status, alone.status, "the neighbour alone: %d, %s", without.status, without.out);
    cr_assert_str_empty(without.err);
    expect_same(&without, run_env("LD_PRELOAD=%s:%s", library, neighbour), argv, environment);
    size_t before = warm_ups();
    expect_same(&without, run_env("LD_PRELOAD=%s:%s", neighbour, library), argv, environment);
    cr_expect_eq(warm_ups(), before, "the order changes what is warmed");
    return before;
}

static void expect_warmed_beside(const char *name)
{
    const char *neighbour = system_library(name);
    if (!neighbour)
        cr_skip_test("%s is not installed", name);
    cr_expect_eq(beside(neighbour, LIST(run_host("first_call")), NULL), 1);
    cr_expect_eq(beside(neighbour, LIST(run_host("plain")), NULL), 0);
    for (const char *const *way = run_ways(); *way; way++) {
        cr_expect_eq(beside(neighbour, LIST(run_host("serves"), *way, "cuda"), NULL), 1, "%s", *way);
        cr_expect_eq(beside(neighbour, LIST(run_host("serves"), *way, "cuda", "worker"), NULL), 1, "%s", *way);
    }
}

Test(neighbours, libeatmydata)
{
    expect_warmed_beside("libeatmydata.so");
}

Test(neighbours, jemalloc)
{
    expect_warmed_beside("libjemalloc.so.2");
}

/* Its functions may take other arguments than the C library's, and its sockets are local ones: nothing is warmed. */
Test(neighbours, socket_wrapper)
{
    const char *neighbour = system_library("libsocket_wrapper.so"), *folder = run_scratch("sockets");
    const char *const *settings = LIST(run_env("SOCKET_WRAPPER_DIR=%s", folder), "SOCKET_WRAPPER_DEFAULT_IFACE=7");
    if (!neighbour)
        cr_skip_test("libsocket_wrapper.so is not installed");
    cr_assert_eq(mkdir(folder, 0700), 0);
    cr_expect_eq(beside(neighbour, LIST(run_host("first_call")), settings), 1);
    for (const char *const *way = run_ways(); *way; way++) {
        cr_expect_eq(beside(neighbour, LIST(run_host("serves"), *way, "cuda", "peer"), settings), 0, "%s", *way);
        cr_expect_eq(beside(neighbour, LIST(run_host("serves"), *way, "cuda", "thread", "peer"), settings), 0, "%s",
                     *way);
    }
}

/* ---- how programs are linked, and find what they load ---------------------------------------------------------------
 */

static size_t same(const char *const *argv, const char *const *environment)
{
    struct run without = run_program(PLAIN, argv, environment);
    expect_same(&without, run_env("LD_PRELOAD=%s", run_build("libgpuwarm.so")), argv, environment);
    return warm_ups();
}

Test(neighbours, programs_that_are_bound_before_they_start)
{
    static const char *const servers[] = {"serves", "serves_now"};
    cr_expect_eq(same(LIST(run_host("first_call_now")), NULL), 1);
    cr_expect_eq(same(LIST(run_host("first_call")), LIST("LD_BIND_NOW=1")), 1);
    for (const char *const *way = run_ways(); *way; way++)
        for (int j = 0; j < 2; j++) {
            const char *const *settings = LIST(j ? "LD_BIND_NOT=" : "LD_BIND_NOW=1");
            cr_expect_eq(same(LIST(run_host(servers[j]), *way, "cuda"), settings), 1, "%s", *way);
            cr_expect_eq(same(LIST(run_host(servers[j]), *way), settings), 0, "%s", *way);
        }
}

Test(neighbours, an_audit_library)
{
    const char *const *settings = LIST(run_env("LD_AUDIT=%s", run_host("libaudits.so")));
    cr_expect_eq(same(LIST(run_host("plain")), settings), 0);
    cr_expect_eq(same(LIST(run_host("first_call")), settings), 1);
    for (const char *const *way = run_ways(); *way; way++)
        cr_expect_eq(same(LIST(run_host("serves"), *way, "cuda"), settings), 1, "%s", *way);
}

/* Which caller's RUNPATH dlopen follows would change if it were called through us. */
Test(neighbours, a_plugin_that_only_the_programs_runpath_finds)
{
    const char *program = run_scratch("steps"), *own = run_scratch("own");
    cr_assert_eq(mkdir(own, 0700), 0);
    cr_assert_eq(run_program(PLAIN, LIST("/bin/cp", run_host("steps"), program), NULL).status, 0);
    const char *const *copy = LIST("/bin/cp", run_host("libforeign.so"), run_env("%s/libplugin.so", own));
    cr_assert_eq(run_program(PLAIN, copy, NULL).status, 0);
    const char *const *argv =
        LIST(program, "open:libplugin.so", "open:libcuda.so.1", "listen", "wait:poll", "open:libplugin.so", "init");
    cr_expect_eq(same(argv, NULL), 1);
    cr_expect_eq(same(argv, LIST("GPUWARM_TRIGGER=load")), 1);
    cr_expect_not_null(strstr(run_program(PRELOADED, argv, NULL).out, "open libplugin.so: 1\n"));
}

Test(neighbours, the_library_by_its_name_alone)
{
    const char *path = run_env("LD_LIBRARY_PATH=%s:%s", run_build(""), run_build("simcuda"));
    struct run without = run_program(PLAIN, LIST(run_host("first_call")), LIST(path));
    expect_same(&without, "LD_PRELOAD=libgpuwarm.so", LIST(run_host("first_call")), LIST(path));
    cr_expect_eq(warm_ups(), 1);
    without = run_program(PLAIN, LIST(run_host("serves"), "poll", "cuda"), LIST(path));
    expect_same(&without, "LD_PRELOAD=libgpuwarm.so", LIST(run_host("serves"), "poll", "cuda"), LIST(path));
    cr_expect_eq(warm_ups(), 1);
}

/* ---- sanitizers -----------------------------------------------------------------------------------------------------
 */

/* A host built with a sanitizer in the scratch folder, or NULL where that cannot be done, or the outcome not run. */
static const char *sanitized(const char *compiler, const char *sanitizer, const char *host, const char *way)
{
    const char *program = run_scratch(run_env("%s-%s-%s", host, compiler, sanitizer));
    const char *command =
        run_env("command -v %s && %s -std=gnu11 -D_GNU_SOURCE -Ishim -fsanitize=%s -o %s "
                "tests/hosts/%s.c %s -Wl,--allow-shlib-undefined",
                compiler, compiler, sanitizer, program, host, way ? "-pthread" : run_build("simcuda/libcuda.so.1"));
    if (run_program(PLAIN, LIST("/bin/sh", "-c", command), NULL).status != 0)
        return NULL;
    struct run run = run_program(PLAIN, LIST(program, way, "cuda"), NULL);
    return run.status == (way ? 4 : 0) ? program : NULL;
}

/* The one that gcc links dynamically must come first, and ends a program in which it does not: also for an empty one.
 */
Test(neighbours, gccs_address_sanitizer_refuses_whatever_is_preloaded)
{
    const char *program = sanitized("gcc", "address", "first_call", NULL);
    if (!program)
        cr_skip_test("gcc's AddressSanitizer is not to be had here");
    struct run empty = run_program(PLAIN, LIST(program), LIST(run_env("LD_PRELOAD=%s", run_host("libaudits.so"))));
    struct run with = run_program(PRELOADED, LIST(program), NULL);
    cr_expect_eq(empty.status, 1, "%d", empty.status);
    cr_expect_eq(with.status, empty.status, "%d", with.status);
    cr_expect_str_eq(with.out, empty.out);
    cr_assert_not_null(strstr(empty.err, "ASan runtime does not come first"), "%s", empty.err);
    cr_expect_str_eq(strstr(with.err, "ASan"), strstr(empty.err, "ASan"));
    cr_expect_eq(line_count(with.err), line_count(empty.err), "%s", with.err);
    cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", NULL), 0);
}

/* An instrumented library, between whose variables nothing may be read but by us: our bytes are its variables' too. */
Test(neighbours, gccs_address_sanitizer_in_a_library_that_carries_a_fat_binary)
{
    const char *command =
        run_env("cd \"$0\" && gcc -std=gnu11 -D_GNU_SOURCE -I\"$OLDPWD\"/tests/hosts -fsanitize=address "
                "-shared -fPIC -o libkernels.so \"$OLDPWD\"/tests/hosts/libkernels.c && gcc -std=gnu11 "
                "-I\"$OLDPWD\"/tests/hosts -fsanitize=address -o thin \"$OLDPWD\"/tests/hosts/%s "
                "-L. -l:libkernels.so -Wl,-rpath,\"$0\" && gcc -print-file-name=libasan.so",
                "thin_kernels.c");
    struct run built = run_program(PLAIN, LIST("/bin/sh", "-c", command, run_scratch("")), NULL);
    if (built.status != 0)
        cr_skip_test("gcc's AddressSanitizer is not to be had here");
    built.out[strcspn(built.out, "\n")] = '\0';
    const char *preload = run_env("LD_PRELOAD=%s:%s", built.out, run_build("libgpuwarm.so"));
    struct run without = run_program(PLAIN, LIST(run_scratch("thin")), NULL);
    cr_assert_eq(without.status, 0, "%s", without.err);
    expect_same(&without, preload, LIST(run_scratch("thin")), NULL);
    cr_expect_eq(warm_ups(), 1);
}

Test(neighbours, gccs_address_sanitizer_where_it_comes_first_or_is_told)
{
    const char *client = sanitized("gcc", "address", "first_call", NULL);
    const char *server = sanitized("gcc", "address", "serves", "poll");
    if (!client || !server)
        cr_skip_test("gcc's AddressSanitizer is not to be had here");
    struct run found = run_program(PLAIN, LIST("/bin/sh", "-c", "gcc -print-file-name=libasan.so"), NULL);
    found.out[strcspn(found.out, "\n")] = '\0';
    const char *library = run_build("libgpuwarm.so"), *told = "ASAN_OPTIONS=verify_asan_link_order=0";
    struct run without = run_program(PLAIN, LIST(client), NULL);
    expect_same(&without, run_env("LD_PRELOAD=%s:%s", found.out, library), LIST(client), NULL);
    cr_expect_eq(warm_ups(), 1);
    cr_expect_eq(same(LIST(client), LIST(told)), 1);
    for (const char *const *way = run_ways(); *way; way++) {
        without = run_program(PLAIN, LIST(server, *way, "cuda"), NULL);
        expect_same(&without, run_env("LD_PRELOAD=%s:%s", found.out, library), LIST(server, *way, "cuda"), NULL);
        cr_expect_eq(warm_ups(), 1, "%s", *way);
        cr_expect_eq(same(LIST(server, *way, "cuda"), LIST(told)), 1, "%s", *way);
    }
}

/* Those that are part of the executable, or do not mind. */
Test(neighbours, other_sanitizers)
{
    static const char *const others[][2] = {
        {"clang", "address"}, {"clang", "thread"}, {"gcc", "thread"}, {"gcc", "undefined"}};
    int built = 0;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const char *client = sanitized(others[i][0], others[i][1], "first_call", NULL);
        const char *server = sanitized(others[i][0], others[i][1], "serves", "poll");
        if (!client || !server)
            continue;
        built++;
        const char *const *settings = LIST("TSAN_OPTIONS=atexit_sleep_ms=0");
        same(LIST(client), settings);
        for (const char *const *way = run_ways(); *way; way++)
            cr_expect_eq(same(LIST(server, *way, "cuda"), settings), 1, "%s %s", others[i][1], *way);
    }
    if (!built)
        cr_skip_test("no sanitizer is to be had here");
}
