/* SPDX-License-Identifier: MIT */
/* The shared object itself: what it exports, imports, needs and weighs. Read with binutils, as a packager would. */
#include "base/version.h"
#include "run.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(library, .init = run_setup, .fini = run_teardown);

static char *tool(const char *const *argv)
{
    struct run run = run_program(PLAIN, argv, NULL);
    cr_assert_eq(run.status, 0, "%s: %s", argv[0], run.err);
    return strdup(run.out);
}

/* The hooks and nothing else, without versions: "0000000000003c24 T poll". */
Test(library, exports_the_hooks_and_nothing_else)
{
    static const char *const hooks[] = {
#define HOOK(name, parameters, arguments) #name,
#include "../../shim/interpose/hooks.def"
#undef HOOK
    };
    const size_t count = sizeof hooks / sizeof *hooks;
    char *defined = tool(LIST("/usr/bin/nm", "-D", "--defined-only", run_build("libgpuwarm.so")));
    cr_expect_eq((size_t)line_count(defined), count, "%s", defined);
    for (size_t i = 0; i < count; i++)
        cr_expect_not_null(strstr(defined, run_env(" T %s\n", hooks[i])), "%s", hooks[i]);
}

/*
 * A program that tests for a function finds what the library exports, in every preloaded process: so only what each C
 * library has that it runs with. Named again here: hooks.def is what is tested.
 */
Test(library, exports_only_what_glibc_2_17_has)
{
    static const char *const has[] = {"listen",     "accept",      "accept4", "poll",    "__poll_chk",
                                      "ppoll",      "__ppoll_chk", "select",  "pselect", "epoll_ctl",
                                      "epoll_wait", "epoll_pwait", "fork"};
    char *defined = tool(LIST("/usr/bin/nm", "-D", "--defined-only", run_build("libgpuwarm.so")));
    int lines = 0;
    for (char *line = strtok(defined, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        size_t i = 0;
        while (i < sizeof has / sizeof *has && strcmp(strrchr(line, ' ') + 1, has[i]) != 0)
            i++;
        cr_expect_lt(i, sizeof has / sizeof *has, "%s", line);
    }
    cr_assert_gt(lines, 0);
}

/* Seen failing with glibc 2.31, where epoll_pwait2 was exported and the C library has none. */
Test(library, a_program_finds_the_functions_that_its_c_library_has)
{
    struct run without = run_program(PLAIN, LIST(run_host("looks_for")), NULL);
    struct run with = run_program(PRELOADED, LIST(run_host("looks_for")), NULL);
    cr_expect_eq(without.status, 0, "%d, %s", without.status, without.err);
    cr_expect_not_null(strstr(without.out, "epoll_wait: 1 1\n"), "%s", without.out);
    cr_expect_str_eq(with.out, without.out, "%s", with.out);
}

Test(library, needs_nothing_but_libc)
{
    char *dynamic = tool(LIST("/usr/bin/readelf", "-dW", run_build("libgpuwarm.so")));
    int needed = 0;
    for (char *line = strtok(dynamic, "\n"); line; line = strtok(NULL, "\n"))
        if (strstr(line, "(NEEDED)")) {
            needed++;
            cr_expect_not_null(strstr(line, "[libc.so.6]"), "%s", line);
        }
    cr_assert_eq(needed, 1);
}

/* Each version that is asked for costs a search in every process, and a newer one is fatal in an older container. */
Test(library, asks_for_the_oldest_symbol_version_and_no_other)
{
    char *undefined = tool(LIST("/usr/bin/nm", "-D", "--undefined-only", run_build("libgpuwarm.so")));
    const char *oldest =
        strstr(run_program(PLAIN, LIST("/bin/uname", "-m"), NULL).out, "x86_64") ? "GLIBC_2.2.5" : "GLIBC_2.17";
    int versions = 0;
    for (char *line = strtok(undefined, "\n"); line; line = strtok(NULL, "\n")) {
        const char *version = strchr(line, '@');
        versions++;
        cr_expect(version && strcmp(version + 1, oldest) == 0, "%s", line);
    }
    cr_assert_gt(versions, 20);
}

/* In headers of glibc 2.38 and newer these are other functions, of that version; atoi and its like call strtol. */
Test(library, imports_nothing_that_newer_headers_redirect)
{
    char *undefined = tool(LIST("/usr/bin/nm", "-D", "--undefined-only", run_build("libgpuwarm.so")));
    const char *const *names = LIST(" strto", " wcsto", "scanf@", " __isoc", " ato", "64@");
    for (; *names; names++)
        cr_expect_null(strstr(undefined, *names), "%s in %s", *names, undefined);
}

static struct run loadable(const char *path)
{
    return run_program(PLAIN, LIST("/bin/sh", "shim/loadable.sh", path), NULL);
}

Test(library, loads_on_every_system_as_the_build_finds)
{
    struct run run = loadable(run_build("libgpuwarm.so"));
    cr_expect_eq(run.status, 0);
    cr_expect_str_empty(run.err);
}

/* What is asked for, in one line. */
Test(library, a_newer_symbol_or_another_library_is_refused)
{
    struct run run = loadable(run_host("libnewer.so"));
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "asks for memfd_create@GLIBC_2.27"), "%s", run.err);
    cr_expect_eq(line_count(run.err), 1, "%s", run.err);
    run = loadable(run_host("forks_first"));
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "needs libcuda.so.1"), "%s", run.err);
    cr_expect_eq(line_count(run.err), 1, "%s", run.err);
}

Test(library, what_is_no_library_of_glibc_is_refused)
{
    run_write(run_scratch("text"), "no library");
    const char *const *paths = LIST(run_scratch("text"), run_scratch("missing"), run_build("shim/base/number.o"));
    for (; *paths; paths++)
        cr_expect_eq(loadable(*paths).status, 1, "%s", *paths);
}

/* make, for a target in a build folder of this test's own. */
static struct run make(const char *target, const char *flags, const char *sources)
{
    if (run_program(PLAIN, LIST("/bin/sh", "-c", "command -v make && command -v cc"), NULL).status != 0)
        cr_skip_test("make and cc are not installed");
    return run_program(PLAIN,
                       LIST("/usr/bin/env", "make", run_env("BUILD=%s", run_scratch("build")),
                            run_scratch(run_env("build/%s", target)), flags, sources),
                       NULL);
}

/* With a file for the library that asks for a newer symbol: make fails and leaves no library. */
Test(library, make_refuses_to_link_what_asks_for_a_newer_symbol)
{
    struct run run = make("libgpuwarm.so", "CFLAGS=-O2 -fPIC", "SHIM_SOURCES=shim/base/entry.c tests/hosts/libnewer.c");
    cr_expect_neq(run.status, 0, "%s", run.out);
    cr_expect_not_null(strstr(run.err, "asks for memfd_create@GLIBC_2.27"), "%s", run.err);
    cr_expect_neq(access(run_scratch("build/libgpuwarm.so"), F_OK), 0, "it is still there");
    cr_expect_eq(access(run_scratch("build/tests/hosts/libnewer.o"), F_OK), 0, "it was not made: %s", run.err);
}

/* Flags as distributions set them for all that they build: with large files fcntl is fcntl64, which came with 2.28. */
Test(library, large_files_and_a_newer_C_are_undone)
{
    struct run run = make("shim/base/standard.o", "CFLAGS=-O2 -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -std=c99", "V=1");
    cr_assert_eq(run.status, 0, "%s", run.err);
    cr_expect_not_null(strstr(run.out, "-D_FILE_OFFSET_BITS=64"), "%s", run.out);
    char *undefined = tool(LIST("/usr/bin/nm", "--undefined-only", run_scratch("build/shim/base/standard.o")));
    cr_expect_not_null(strstr(undefined, " fcntl\n"), "%s", undefined);
    cr_expect_null(strstr(undefined, "64"), "%s", undefined);
}

/*
 * What the loader must look up before main costs every process some 900 instructions each: variables, and what may be
 * missing (before glibc 2.34 dlopen is in another library). What is only called is looked up at its first call.
 */
Test(library, has_nothing_looked_up_at_start)
{
    char *relocations = tool(LIST("/usr/bin/readelf", "-rW", run_build("libgpuwarm.so")));
    int count = 0;
    for (char *line = strtok(relocations, "\n"); line; line = strtok(NULL, "\n")) {
        if (!strstr(line, " R_"))
            continue;
        count++;
        cr_expect(strstr(line, "_RELATIVE") || strstr(line, "_JUMP_SLO"), "%s", line);
    }
    cr_assert_gt(count, 20);
}

/* The loader tells of every symbol that it binds (ld.so(8), LD_DEBUG), in a file for each process. */
static int bound_for_us(const char *setting)
{
    const char *told = run_scratch("bindings");
    run_program(PRELOADED, LIST("/bin/true"), LIST("LD_DEBUG=bindings", run_env("LD_DEBUG_OUTPUT=%s", told), setting));
    const char *count = run_env("grep -c \"$1\" %s.*; rm %s.*", told, told);
    const char *line = run_env("binding file %s .0. to", run_build("libgpuwarm.so"));
    return atoi(run_program(PLAIN, LIST("/bin/sh", "-c", count, "sh", line), NULL).out);
}

Test(library, costs_a_skipped_program_no_look_up)
{
    cr_expect_eq(bound_for_us(NULL), 0);
    cr_expect_gt(bound_for_us("GPUWARM_SKIP=none"), 0, "as shown by a program that is looked at");
}

Test(library, imports_nothing_that_ends_or_guards_a_process)
{
    char *undefined = tool(LIST("/usr/bin/nm", "-D", "--undefined-only", run_build("libgpuwarm.so")));
    const char *const *names = LIST(" exit", " _exit", " abort", "__assert", "_chk@", "__stack_chk", "__tls_get_addr",
                                    " pthread_create", " fork", " malloc", " printf");
    for (; *names; names++)
        cr_expect_null(strstr(undefined, *names), "%s in %s", *names, undefined);
}

Test(library, is_relro_lazy_and_without_thread_local_storage)
{
    char *headers = tool(LIST("/usr/bin/readelf", "-lW", run_build("libgpuwarm.so")));
    char *dynamic = tool(LIST("/usr/bin/readelf", "-dW", run_build("libgpuwarm.so")));
    cr_expect_not_null(strstr(headers, "GNU_RELRO"));
    cr_expect_null(strstr(headers, " TLS "));
    cr_expect_null(strstr(headers, "RWE"));
    cr_expect_null(strstr(dynamic, "BIND_NOW"));
    cr_expect_null(strstr(dynamic, "TEXTREL"));
}

/* What the loader maps of a library; the file may be larger by a hole between code and data, up to the end of a page.
 */
static size_t loaded_bytes(const char *path)
{
    size_t bytes = 0;
    ElfW(Ehdr) header;
    FILE *file = fopen(path, "re");
    cr_assert_not_null(file);
    cr_assert_eq(fread(&header, sizeof header, 1, file), 1);
    for (int i = 0; i < header.e_phnum; i++) {
        ElfW(Phdr) segment;
        cr_assert_eq(fseek(file, (long)(header.e_phoff + (size_t)i * sizeof segment), SEEK_SET), 0);
        cr_assert_eq(fread(&segment, sizeof segment, 1, file), 1);
        bytes += segment.p_type == PT_LOAD ? segment.p_filesz : 0;
    }
    fclose(file);
    return bytes;
}

/* The same code is larger for aarch64, and by clang. */
#ifdef __aarch64__
enum { MORE_BYTES = 12288 };
#elif defined __clang__
enum { MORE_BYTES = 4096 };
#else
enum { MORE_BYTES = 0 };
#endif

/* The kernel's machine code is the size that the toolkit makes it. */
Test(library, is_under_96_KiB_without_the_fat_binary)
{
#ifdef GPUWARM_INSTRUMENTED
    cr_skip_test("it is larger with checks for undefined behaviour built in");
#endif
    struct stat fat_binary = {.st_size = 0};
    stat(run_build("shim/cuda/kernel.fatbin"), &fat_binary);
    size_t bytes = loaded_bytes(run_build("libgpuwarm.so")) - (size_t)fat_binary.st_size;
    cr_expect_lt(bytes, 98304 + MORE_BYTES, "%zu", bytes);
    cr_expect_gt(bytes, 32768, "%zu", bytes);
}

Test(library, kernel_assembles_for_every_gpu_that_ptxas_knows)
{
    struct run found =
        run_program(PLAIN, LIST("/bin/sh", "-c", "command -v ptxas nvcc || ls /usr/local/cuda/bin/ptxas"), NULL);
    if (found.status != 0)
        cr_skip_test("ptxas is not installed");
    /* A name that this ptxas does not know is complained about as a value of --gpu-name; anything else is a failure. */
    const char *script =
        "PATH=$PATH:/usr/local/cuda/bin; n=0; "
        "for a in 50 52 53 60 61 62 70 72 75 80 86 87 88 89 90 90a 100 100a 101 103 110 120 121 130; do "
        "if error=$(ptxas -arch=sm_$a shim/cuda/kernel.ptx -o /dev/null 2>&1); then n=$((n + 1)); "
        "else case $error in *gpu-name*) ;; *) echo FAILED sm_$a: $error;; esac; fi; done; "
        "echo assembled $n";
    struct run run = run_program(PLAIN, LIST("/bin/sh", "-c", script), NULL);
    int assembled = 0;
    cr_expect_null(strstr(run.out, "FAILED"), "%s", run.out);
    cr_expect_eq(sscanf(run.out, "assembled %d", &assembled), 1, "%s", run.out);
    cr_expect_geq(assembled, 5, "%s", run.out);
}

/* ---- executed as a program ------------------------------------------------------------------------------------------
 */

static void assert_says_what_it_is(struct run run)
{
    cr_expect_eq(run.status, 0, "%d", run.status);
    cr_expect_str_empty(run.err);
    cr_expect_str_eq(run.out, "libgpuwarm " GPUWARM_VERSION ": makes CUDA ready before a program's first request.\n"
                              "Use: LD_PRELOAD=/usr/local/lib/libgpuwarm.so ./server\n"
                              "Documentation: README.md and docs/ in its source.\n");
}

/* As users and packagers start it: by its path, and through the loader. */
Test(library, executed_it_says_what_it_is)
{
    const char *library = run_build("libgpuwarm.so");
    const char *const settings[] = {"GPUWARM_TRIGGER=load", "GPUWARM_LOG=debug", "GPUWARM_SKIP=none", NULL};
    assert_says_what_it_is(run_program(PLAIN, LIST(library), NULL));
    assert_says_what_it_is(run_program(PLAIN, LIST(library, "--help", ""), NULL));
    assert_says_what_it_is(run_program(PRELOADED, LIST(library), settings));
    assert_says_what_it_is(run_program(PLAIN, LIST(run_loader(), library), NULL));
    assert_says_what_it_is(run_program(PLAIN, LIST(run_loader(), library), settings));
    cr_expect_eq(journal_read()->count, 0, "the driver was called");
}

/*
 * In the last row the file may grow to 20 bytes: that much is written, and then nothing more. An emulator ends
 * there: it forgets that a signal is ignored.
 */
Test(library, executed_it_ends_with_1_where_it_cannot_write)
{
    static const struct {
        const char *script;
        int status;
    } rows[] = {
        {"exec \"$1\"", 0},
        {"exec \"$1\" >&-", 1},
        {"exec \"$1\" >/dev/full", 1},
        {"exec \"$1\" 1</dev/null", 1},
        {"exec \"$2\" \"$1\" >&-", 1},
        {"trap '' XFSZ; exec prlimit --fsize=20 \"$1\" >\"$3\"", 1},
    };
    const size_t count = sizeof rows / sizeof *rows - run_emulated();
    for (size_t i = 0; i < count; i++) {
        const char *const *argv =
            LIST("/bin/sh", "-c", rows[i].script, "sh", run_build("libgpuwarm.so"), run_loader(), run_scratch("short"));
        struct run run = run_program(PLAIN, argv, NULL);
        cr_expect_eq(run.status, rows[i].status, "%s: %d %s", rows[i].script, run.status, run.err);
    }
    struct stat written = {.st_size = 20};
    cr_assert_eq(run_emulated() ? 0 : stat(run_scratch("short"), &written), 0);
    cr_expect_eq(written.st_size, 20, "%ld bytes", (long)written.st_size);
}

/* A pipe that is full, and whose other end does not wait: EAGAIN must not be tried for ever. */
Test(library, executed_it_ends_with_1_at_a_full_pipe_that_does_not_wait)
{
    static const char zeros[4096];
    int ends[2], status;
    cr_assert_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    while (write(ends[1], zeros, sizeof zeros) > 0)
        ;
    pid_t program = fork();
    if (program == 0) {
        alarm(60);
        run_exec(PLAIN, LIST(run_build("libgpuwarm.so")), NULL, ends[1], STDERR_FILENO);
    }
    cr_assert_eq(waitpid(program, &status, 0), program);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%x", (unsigned)status);
}
