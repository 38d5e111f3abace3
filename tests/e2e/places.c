/* SPDX-License-Identifier: MIT */
/*
 * Where the report and the log file lie: in a directory in which others can make links, files and FIFOs, nothing of the
 * user's own, or root's, may be reached through them. Links elsewhere are followed (tests/e2e/report.c has those).
 */
#include "run.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(places, .init = run_setup, .fini = run_teardown);

enum { SOMEBODY = 65534 };

/* Can files be given to another user? Only by root, and not in a user namespace that has no other user. */
static bool can_give_away(void)
{
    const char *path = run_scratch("given");
    run_write(path, "");
    bool given = chown(path, SOMEBODY, SOMEBODY) == 0;
    unlink(path);
    return given;
}

#define NEED_ROOT()                                                                                                    \
    if (!can_give_away())                                                                                              \
    cr_skip_test("nothing can be made here that belongs to somebody else")

static const char link_refused[] = "a symbolic link in a directory that others may write to; no report";
static const char precious[] = "precious\n";

static void expect_contents(const char *path, const char *wanted, const char *what)
{
    char text[16384];
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s: %s", what, path);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    cr_expect_str_eq(text, wanted, "%s: %s", what, text);
}

/* A directory like /tmp, or with another mode. */
static const char *directory(const char *name, mode_t mode)
{
    const char *path = run_scratch(name);
    cr_assert(mkdir(path, 0700) == 0 && chmod(path, mode) == 0);
    return path;
}

/* As another user would have made it, where that can be done. */
static void hostile_link(const char *target, const char *path)
{
    cr_assert_eq(symlink(target, path), 0, "%s", path);
    if (can_give_away())
        cr_assert_eq(lchown(path, SOMEBODY, SOMEBODY), 0);
}

static struct run run_with(const char *setting, const char *path)
{
    struct run run = run_program(PRELOADED, LIST(run_host("first_call")),
                                 LIST(run_env("GPUWARM_%s=%s", setting, path), "GPUWARM_LOG=info"));
    cr_expect_eq(run.status, 0, "%s: %d", path, run.status);
    cr_expect_str_eq(run.out, "Simulated GPU 0: same\n", "%s", path);
    cr_expect_not_null(strstr(strcmp(setting, "LOG_FILE") == 0 ? run.err : "warm in", "warm in"), "%s: %s", path,
                       run.err);
    return run;
}

/* Neither the report nor a log line gets there; the report's reason is told once, and lines go to stderr instead. */
static void expect_refused(const char *path, const char *why)
{
    run_with("LOG_FILE", path);
    struct run run = run_with("REPORT", path);
    cr_expect_not_null(strstr(run.err, why), "%s: %s", path, run.err);
    cr_expect_eq(line_count(run.err), 2, "the reason, and that it is warm: %s", run.err);
}

/* Both are written. */
static void expect_accepted(const char *path)
{
    cr_expect_eq(line_count(run_with("REPORT", path).err), 1, "%s", path);
    cr_expect_not_null(report_read(path), "%s", path);
    unlink(path);
    struct run run = run_program(PRELOADED, LIST(run_host("first_call")),
                                 LIST(run_env("GPUWARM_LOG_FILE=%s", path), "GPUWARM_LOG=info"));
    cr_expect_str_empty(run.err, "%s: %s", path, run.err);
    run_program(PRELOADED, LIST(run_host("first_call")),
                LIST(run_env("GPUWARM_LOG_FILE=%s", path), "GPUWARM_LOG=info"));
    struct run count = run_program(PLAIN, LIST("/bin/grep", "-c", "warm in", path), NULL);
    cr_expect_str_eq(count.out, "2\n", "%s", path);
}

static const mode_t exposing[] = {01777, 0777, 01775, 0770, 0722};
enum { EXPOSING = sizeof exposing / sizeof *exposing };

Test(places, a_link_where_others_may_write_is_not_followed)
{
    const char *file = run_scratch("file");
    run_write(file, precious);
    for (int i = 0; i < EXPOSING; i++) {
        struct stat status;
        const char *where = directory(run_env("exposed%d", i), exposing[i]), *link = run_env("%s/link", where);
        hostile_link(file, link);
        expect_refused(link, link_refused);
        expect_contents(file, precious, where);
        cr_expect(lstat(link, &status) == 0 && S_ISLNK(status.st_mode), "%o", exposing[i]);
    }
}

Test(places, a_link_to_nothing_where_others_may_write_makes_nothing)
{
    const char *link = run_env("%s/link", directory("sticky", 01777));
    hostile_link(run_scratch("home/file"), link);
    expect_refused(link, link_refused);
    cr_expect_neq(access(run_scratch("home/file"), F_OK), 0);
}

/* In front of the last component, behind a link that is followed, and by a relative name. */
Test(places, no_component_is_such_a_link)
{
    const char *sticky = directory("sticky", 01777);
    hostile_link("../home", run_env("%s/folder", sticky));
    expect_refused(run_env("%s/folder/report", sticky), link_refused);
    expect_refused(run_env("%s/home/../sticky/./folder//report", run_scratch("")), link_refused);
    cr_assert_eq(symlink("sticky/folder/report", run_scratch("link")), 0);
    expect_refused(run_scratch("link"), link_refused);
    cr_assert(setenv("GPUWARM_TEST_BUILD", run_build(""), 1) == 0 && chdir(sticky) == 0);
    expect_refused("folder/report", link_refused);
    cr_expect_neq(access(run_scratch("home/report"), F_OK), 0);
}

/* A hard link needs no link to be followed; the kernel need not forbid it (fs.protected_hardlinks). */
Test(places, a_hard_link_where_others_may_write)
{
    const char *file = run_scratch("file"), *name = run_env("%s/file", directory("sticky", 01777));
    run_write(file, precious);
    cr_assert_eq(link(file, name), 0);
    run_with("LOG_FILE", name);
    expect_contents(file, precious, "log");
    run_with("REPORT", name);
    cr_expect_not_null(report_read(name), "only the name is replaced");
    expect_contents(file, precious, "report");
}

/* When this process started: field 22 of its stat (proc(5)), behind its name. */
static const char *started(void)
{
    static char stat[1024];
    FILE *file = fopen("/proc/self/stat", "r");
    cr_assert(file && fgets(stat, sizeof stat, file));
    fclose(file);
    char *field = strtok(strrchr(stat, ')'), " ");
    for (int i = 2; i < 22; i++)
        field = strtok(NULL, " ");
    return field;
}

Test(places, a_file_of_somebody_elses_where_others_may_write)
{
    NEED_ROOT();
    const char *name = run_env("%s/file", directory("sticky", 01777));
    run_write(name, precious);
    cr_assert_eq(chown(name, SOMEBODY, SOMEBODY), 0);
    run_with("LOG_FILE", name);
    expect_contents(name, precious, "log");
    run_write(name, run_env("{\"pid\": %d, \"start\": %s}\n", getpid(), started()));
    run_program(PRELOADED, LIST(run_host("plain")), LIST(run_env("GPUWARM_REPORT=%s", name)));
    cr_expect_str_eq(report_text(report_read(name), "program"), "plain", "a report of this process is not theirs");
}

Test(places, a_fifo_of_somebody_elses_where_others_may_write)
{
    NEED_ROOT();
    const char *name = run_env("%s/fifo", directory("sticky", 01777));
    char byte;
    cr_assert(mkfifo(name, 0600) == 0 && chown(name, SOMEBODY, SOMEBODY) == 0);
    int reader = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    expect_refused(name, "a file of somebody else's");
    cr_expect_leq(read(reader, &byte, 1), 0, "nothing was written");
    cr_assert_eq(chown(name, 0, 0), 0);
    cr_expect_eq(line_count(run_with("REPORT", name).err), 1);
    cr_expect_eq(read(reader, &byte, 1), 1, "one of our own is written to");
    close(reader);
}

/* Its owner may do there what it likes: to its own files. */
Test(places, a_directory_of_somebody_elses)
{
    NEED_ROOT();
    const char *file = run_scratch("file"), *theirs = directory("theirs", 0755), *link = run_env("%s/link", theirs);
    const char *own = run_env("%s/log", theirs);
    cr_assert_eq(chown(theirs, SOMEBODY, SOMEBODY), 0);
    run_write(file, precious);
    hostile_link(file, link);
    expect_refused(link, link_refused);
    expect_contents(file, precious, "theirs");
    run_write(own, "");
    cr_assert_eq(chown(own, SOMEBODY, SOMEBODY), 0);
    struct run run = run_program(PRELOADED, LIST(run_host("first_call")),
                                 LIST(run_env("GPUWARM_LOG_FILE=%s", own), "GPUWARM_LOG=info"));
    cr_expect_str_empty(run.err, "%s", run.err);
    expect_accepted(own);
    expect_accepted(run_env("%s/ours", theirs));
}

Test(places, what_is_ours_where_others_may_write)
{
    const char *sticky = directory("sticky", 01777);
    expect_accepted(run_env("%s/file", sticky));
    cr_assert_eq(symlink("sticky", run_scratch("link")), 0);
    expect_accepted(run_env("%s/other", run_scratch("link")));
}

/* As that user; root's directory and link are to be trusted, its own too, and what lies in a sticky one is not. */
static void run_as_somebody(const char *path, const char *why)
{
    const char *script = "LD_PRELOAD=$1 GPUWARM_REPORT=$2 exec \"$3\"";
    struct run run = run_program(PLAIN,
                                 LIST("/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh",
                                      "-c", script, "sh", run_build("libgpuwarm.so"), path, run_host("first_call")),
                                 NULL);
    if (strstr(run.err, "Permission denied") && !strstr(run.err, "GPUWARM"))
        cr_skip_test("the build cannot be read by other users here");
    cr_expect_str_eq(run.out, "Simulated GPU 0: same\n", "%s: %s", path, run.err);
    cr_expect(why ? strstr(run.err, why) != NULL : !*run.err, "%s: %s", path, run.err);
}

Test(places, as_a_user)
{
    NEED_ROOT();
    if (access("/usr/bin/setpriv", X_OK) != 0)
        cr_skip_test("setpriv is not installed");
    cr_assert_eq(chmod(run_scratch(""), 0711), 0);
    const char *own = directory("own", 0755), *sticky = directory("sticky", 01777), *file = run_env("%s/file", own);
    cr_assert_eq(chown(own, SOMEBODY, SOMEBODY), 0);
    cr_assert_eq(symlink("file", run_env("%s/link", own)), 0);
    cr_assert_eq(symlink(own, run_scratch("link")), 0);
    cr_assert_eq(symlink(file, run_env("%s/link", sticky)), 0);
    run_as_somebody(run_env("%s/link", sticky), link_refused);
    cr_expect_neq(access(file, F_OK), 0, "root's link in a sticky directory is nobody's to follow");
    run_as_somebody(run_env("%s/link", run_scratch("link")), NULL);
    cr_expect_not_null(report_read(file));
    struct stat status;
    cr_expect(stat(file, &status) == 0 && status.st_uid == SOMEBODY);
}

/* Nothing is left open or mapped, wherever it failed. */
Test(places, that_are_refused_leave_nothing_in_the_process)
{
    if (run_emulated())
        cr_skip_test("the emulator has descriptors and mappings of its own");
    const char *link = run_env("%s/link", directory("sticky", 01777)), *loop = run_scratch("loop");
    const char *hard = run_env("%s/hard", run_scratch("sticky"));
    hostile_link(run_scratch("file"), link);
    run_write(run_scratch("file"), precious);
    cr_assert_eq(linkat(AT_FDCWD, run_scratch("file"), AT_FDCWD, hard, 0), 0);
    cr_assert(symlink(loop, loop) == 0 && mkfifo(run_scratch("fifo"), 0600) == 0);
    const char *const *places = LIST(link, hard, loop, "/nonexistent/file", run_scratch("home"), run_scratch("fifo"),
                                     "/dev/full", "/dev/fd/77", "/proc/file", run_scratch("home/file"));
    const char *const *argv = LIST(run_host("leftovers"));
    struct run cold = run_program(PRELOADED, argv, LIST("GPUWARM_TRIGGER=off"));
    cr_assert_eq(cold.status, 8);
    for (; *places; places++) {
        const char *report = run_env("GPUWARM_REPORT=%s", *places), *log = run_env("GPUWARM_LOG_FILE=%s", *places);
        struct run run = run_program(PRELOADED, argv, LIST("GPUWARM_TRIGGER=serve", "GPUWARM_LOG=debug", log));
        cr_expect_str_eq(run.out, cold.out, "%s: %s", log, run.out);
        run = run_program(PRELOADED, argv, LIST("GPUWARM_TRIGGER=load", "GPUWARM_LOG=off", report));
        cr_expect_str_eq(run.out, cold.out, "%s: %s", report, run.out);
    }
}
