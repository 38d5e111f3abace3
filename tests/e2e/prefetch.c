/* SPDX-License-Identifier: MIT */
/*
 * The stage `prefetch`: which files it asks for, when, and that they come into the page cache, of a driver made large
 * for that. Nothing of CUDA is called.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

TestSuite(prefetch, .init = run_setup, .fini = run_teardown);

enum { LARGE_BYTES = 16 << 20 };

/* A library of the build folder in one of this test's own, made large by zeros that the loader does not look at. */
static const char *large_copy(const char *library)
{
    const char *folder = run_on_disk("large"), *path = run_env("%s%s", folder, strrchr(library, '/'));
    static char bytes[LARGE_BYTES];
    FILE *file = fopen(run_build(library), "r");
    cr_assert_not_null(file);
    cr_assert_gt(fread(bytes, 1, sizeof bytes, file), 0);
    fclose(file);
    mkdir(folder, 0700);
    file = fopen(path, "w");
    cr_assert(file && fwrite(bytes, 1, sizeof bytes, file) == sizeof bytes && fflush(file) == 0);
    cr_assert_eq(fsync(fileno(file)), 0);
    fclose(file);
    return path;
}

/* How much of the file is in the page cache. */
static double cached_share(const char *path)
{
    static unsigned char resident[LARGE_BYTES / 4096];
    size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = LARGE_BYTES / page, count = 0;
    int fd = open(path, O_RDONLY);
    void *mapped = mmap(NULL, LARGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
    cr_assert_neq(mapped, MAP_FAILED);
    cr_assert_eq(mincore(mapped, LARGE_BYTES, resident), 0);
    for (size_t i = 0; i < pages; i++)
        count += resident[i] & 1;
    munmap(mapped, LARGE_BYTES);
    close(fd);
    return (double)count / (double)pages;
}

/* Of a file in memory the kernel does not say that it is there (preadv2 with RWF_NOWAIT). */
static void need_disk(const char *path)
{
    struct statfs system;
    if (statfs(path, &system) == 0 && system.f_type == TMPFS_MAGIC)
        cr_skip_test("%s is on no disk", path);
}

/* Takes the file out of the page cache; skips the test where its file system is memory, or the kernel would not. */
static void uncache(const char *path)
{
    int fd = open(path, O_RDONLY);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
    if (cached_share(path) > 0.1)
        cr_skip_test("%s cannot be taken out of the page cache here", path);
}

static void expect_cached(const char *path)
{
    for (int i = 0; i < 1000 && cached_share(path) < 0.99; i++)
        usleep(10000);
    cr_expect_geq(cached_share(path), 0.99, "%s: %.2f", path, cached_share(path));
}

static cJSON *report_of(const char *host, const char *way, const char *stages, const char *folders)
{
    struct run run = run_program(PRELOADED, LIST(run_host(host), way, "cuda"),
                                 LIST(folders, run_env("GPUWARM_REPORT=%s", run_scratch("report")), stages));
    cr_expect_str_empty(run.err);
    return report_read(run_scratch("report"));
}

static double bytes_of(const cJSON *report)
{
    const cJSON *stage = report_stage(report_device(report, 0), "prefetch");
    cr_assert_not_null(stage);
    cr_expect_str_eq(report_text(stage, "result"), "ok");
    return report_number(stage, "bytes");
}

Test(prefetch, is_off_by_default)
{
    cJSON *report =
        report_of("first_call", NULL, "GPUWARM_LOG=warn", run_env("LD_LIBRARY_PATH=%s", run_build("simcuda")));
    cr_expect_str_eq(report_text(report, "trigger"), "load");
    cr_expect_null(report_stage(report_device(report, 0), "prefetch"));
}

/* The folders with the large copies, and with what those need. */
static const char *folders(void)
{
    return run_env("LD_LIBRARY_PATH=/nowhere:%s:%s:%s", run_on_disk("large"), run_build("simcuda"),
                   run_build("standins"));
}

Test(prefetch, the_driver_and_the_libraries_that_are_linked)
{
    const char *driver = large_copy("simcuda/libcuda.so.1"), *cublas = large_copy("standins/libcublas.so.13");
    uncache(driver);
    uncache(cublas);
    cJSON *report = report_of("links_cublas", NULL, "GPUWARM_STAGES=prefetch,context", folders());
    cr_expect_str_eq(report_text(report, "trigger"), "load");
    cr_expect_gt(bytes_of(report), 0, "what the kernel reads ahead by itself meanwhile is not counted");
    cr_expect_leq(bytes_of(report), 2 * LARGE_BYTES, "%f", bytes_of(report));
    expect_cached(driver);
    expect_cached(cublas);
}

/* Nothing is asked for twice. */
Test(prefetch, what_is_in_memory_is_left_alone)
{
    if (run_emulated())
        cr_skip_test("the emulator cannot ask whether a file is in memory (preadv2)");
    need_disk(large_copy("simcuda/libcuda.so.1"));
    cJSON *report = report_of("first_call", NULL, "GPUWARM_STAGES=prefetch,context", folders());
    cr_expect_lt(bytes_of(report), LARGE_BYTES / 2.0, "a question that is answered late counts as no");
}

/* A driver that ends the process: what is in the cache then was asked for before it was called. */
Test(prefetch, before_the_driver_is_initialised)
{
    const char *driver = large_copy("simcuda/libcuda.so.1");
    uncache(driver);
    struct run run = run_program(PRELOADED, LIST(run_host("first_call")),
                                 LIST(folders(), "GPUWARM_STAGES=prefetch,driver", "SIMCUDA_FAULT=cuInit=crash"));
    cr_expect_eq(run.status, 128 + SIGSEGV, "%d", run.status);
    expect_cached(driver);
}

/* Found as the loader would find it, at the start of the process, and counted in the report of its warm-up. */
Test(prefetch, the_driver_of_a_process_that_waits)
{
    const char *driver = large_copy("simcuda/libcuda.so.1");
    uncache(driver);
    cJSON *report = report_of("serves", "poll", "GPUWARM_STAGES=prefetch,context", folders());
    cr_expect_str_eq(report_text(report, "trigger"), "serve");
    cr_expect_gt(bytes_of(report), 0);
    expect_cached(driver);
}

/* The program itself never loads the driver: what is in the cache afterwards was read ahead. */
Test(prefetch, without_loading_or_calling_anything)
{
    const char *driver = large_copy("simcuda/libcuda.so.1");
    uncache(driver);
    run_program(PRELOADED, LIST(run_host("plain")), LIST(folders()));
    cr_expect_lt(cached_share(driver), 0.1, "without the stage nothing is read");
    struct run run = run_program(PRELOADED, LIST(run_host("plain")), LIST(folders(), "GPUWARM_STAGES=prefetch,driver"));
    cr_expect_eq(run.status, 7);
    expect_cached(driver);
    cr_expect_eq(journal_read()->count, 0);
}

Test(prefetch, a_machine_without_a_driver)
{
    struct run run = run_program(PRELOADED, LIST(run_host("plain")),
                                 LIST("LD_LIBRARY_PATH=", "GPUWARM_STAGES=prefetch,driver", "GPUWARM_TRIGGER=load",
                                      run_env("GPUWARM_REPORT=%s", run_scratch("report"))));
    cr_expect_eq(run.status, 7);
    cr_expect_eq(bytes_of(report_read(run_scratch("report"))), 0);
}
