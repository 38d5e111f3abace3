/* SPDX-License-Identifier: MIT */
/*
 * Lines go to the stderr that the program was started with, or to nobody: a program that was started without it, or has
 * closed it, may have its data on descriptor 2. So too for any descriptor that a setting names. Victims are
 * tests/hosts/records.c, which has a line said of it before main, when it serves and at its end.
 */
#include "run.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(standard_error, .init = run_setup, .fini = run_teardown);

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *contents(const char *path)
{
    char *text = calloc(1, 16384);
    FILE *file = fopen(path, "r");
    cr_assert(text && file, "%s", path);
    cr_assert_lt(fread(text, 1, 16383, file), 16383);
    fclose(file);
    return text;
}

/* The records, after the shell has done `before` and the program these steps; it must print the same as without us. */
static const char *records_of(const char *before, const char *steps, const char *const *settings)
{
    const char *path = run_scratch("data.db");
    const char *script = run_env("%s; exec %s %s %s", before, run_host("records"), path, steps);
    unlink(path);
    struct run without = run_program(PLAIN, LIST("/bin/sh", "-c", script), settings);
    cr_assert_eq(without.status, 6, "%s: %s%s", steps, without.out, without.err);
    cr_assert_str_eq(contents(path), "RECORD\n");
    cr_assert(strstr(without.out, "on 2") || strstr(steps, "close:3"), "no victim: %s", without.out);
    unlink(path);
    struct run with = run_program(PRELOADED, LIST("/bin/sh", "-c", script), settings);
    cr_expect_eq(with.status, 6, "%s: %d", steps, with.status);
    cr_expect_str_eq(with.out, without.out, "%s", steps);
    return contents(path);
}

/* Shell, steps: stderr closed at the start, closed later, replaced by the program's own log; in a child, too. */
static const char *const ways[][2] = {
    {"exec 2>&-", "open cuda record"},        {"exec 2>&-", "open serve record"},
    {"exec 2>&-", "open fork serve record"},  {"true", "close:2 open cuda record"},
    {"true", "close:2 open serve record"},    {"true", "fork close:2 open serve record"},
    {"true", "open put:2 serve cuda record"}, {"exec 2>/dev/null", "close:2 open serve cuda record"},
};

static void expect_untouched(const char *const *settings)
{
    for (size_t i = 0; i < COUNT(ways); i++) {
        const char *records = records_of(ways[i][0], ways[i][1], settings);
        cr_expect_str_eq(records, "RECORD\n", "%s, %s, %s: %s", settings[0], ways[i][0], ways[i][1], records);
    }
}

Test(standard_error, is_what_it_was_at_the_start_or_nobody)
{
    static const char *const triggers[] = {"GPUWARM_TRIGGER=load", "GPUWARM_TRIGGER=serve", "GPUWARM_TRIGGER=fork"};
    for (size_t i = 0; i < COUNT(triggers); i++)
        for (size_t level = 0; level < 2; level++)
            expect_untouched(LIST(triggers[i], level ? "GPUWARM_LOG=debug" : "GPUWARM_LOG=warn", "GPUWARM_DEVICE=7",
                                  "GPUWARM_LOGG=typo"));
}

Test(standard_error, is_no_place_for_a_log_file_that_cannot_be_written)
{
    expect_untouched(LIST("GPUWARM_LOG_FILE=/nonexistent/log", "GPUWARM_TRIGGER=load", "GPUWARM_LOG=debug"));
    expect_untouched(LIST("GPUWARM_REPORT=/nonexistent/report", "GPUWARM_TRIGGER=serve", "GPUWARM_LOG=debug"));
}

/* A report would even replace the file. */
Test(standard_error, named_by_a_setting_is_what_it_was_at_the_start_or_nobody)
{
    const char *const *names = LIST("/dev/stderr", "/dev/fd/2", "/proc/self/fd/2", run_scratch("link"));
    cr_assert_eq(symlink("/dev/stderr", run_scratch("link")), 0);
    for (; *names; names++) {
        expect_untouched(LIST(run_env("GPUWARM_LOG_FILE=%s", *names), "GPUWARM_TRIGGER=load", "GPUWARM_LOG=debug"));
        expect_untouched(LIST(run_env("GPUWARM_REPORT=%s", *names), "GPUWARM_TRIGGER=serve"));
    }
}

Test(standard_error, is_not_the_only_descriptor_that_may_be_the_programs_own)
{
    const char *const *settings = LIST("GPUWARM_LOG_FILE=/dev/fd/3", "GPUWARM_REPORT=/dev/fd/3");
    const char *shell = run_env("exec 3>>%s", run_scratch("ours"));
    for (; *settings; settings++) {
        const char *const *environment = LIST(*settings, "GPUWARM_TRIGGER=serve", "GPUWARM_LOG=debug");
        cr_expect_str_eq(records_of(shell, "close:3 open serve record", environment), "RECORD\n", "%s", *settings);
        cr_expect_gt(line_count(contents(run_scratch("ours"))), 0, "%s: before that it is ours", *settings);
        unlink(run_scratch("ours"));
    }
}

/* What another library's constructor opened, before ours ran. */
Test(standard_error, is_no_file_that_was_opened_before_us)
{
    const char *path = run_scratch("data.db"), *script = run_env("exec 2>&-; exec %s", run_host("plain"));
    const char *preload = run_env("LD_PRELOAD=%s:%s", run_build("libgpuwarm.so"), run_host("librecords.so"));
    struct run run = run_program(
        PLAIN, LIST("/bin/sh", "-c", script),
        LIST(preload, run_env("RECORDS=%s", path), "GPUWARM_TRIGGER=load", "GPUWARM_LOG=debug", "GPUWARM_DEVICE=7"));
    cr_expect_eq(run.status, 7, "%d", run.status);
    cr_expect_str_eq(contents(path), "RECORD\n", "%s", contents(path));
}

/* Then nobody can tell what 2 was; a log file is told. */
Test(standard_error, is_not_known_to_a_library_that_the_running_program_opened)
{
    const char *const *argv = LIST(run_host("opens_late"), run_build("libgpuwarm.so"));
    const char *log = run_env("GPUWARM_LOG_FILE=%s", run_scratch("log"));
    cr_expect_str_empty(run_program(PLAIN, argv, LIST("GPUWARM_LOGG=typo")).err);
    cr_expect_str_empty(run_program(PLAIN, argv, LIST("GPUWARM_LOGG=typo", log)).err);
    cr_expect_not_null(strstr(contents(run_scratch("log")), "GPUWARM_LOGG"));
}

/* Starts the program with that as its stderr, and waits for it. */
static void run_onto(int err, const char *setting)
{
    int status, null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    pid_t program = fork();
    if (program == 0)
        run_exec(PRELOADED, LIST(run_host("first_call")), LIST(setting ? setting : "GPUWARM_LOG=info"), null, err);
    cr_assert(waitpid(program, &status, 0) == program && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(null);
}

static void expect_line(int fd, const char *what)
{
    char text[4096] = "";
    ssize_t length = read(fd, text, sizeof text - 1);
    cr_expect(length > 0 && strstr(text, "warm in"), "%s: %zd %s", what, length, text);
}

/* A file keeps its device and inode when it has lost its name. */
Test(standard_error, is_written_to_whatever_it_is)
{
    int ends[2], file = open(run_scratch("err"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    run_onto(file, NULL);
    unlink(run_scratch("err"));
    lseek(file, 0, SEEK_SET);
    expect_line(file, "file");
    cr_assert_eq(ftruncate(file, 0), 0);
    lseek(file, 0, SEEK_SET);
    run_onto(file, NULL);
    lseek(file, 0, SEEK_SET);
    expect_line(file, "file without a name");
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    run_onto(ends[1], NULL);
    expect_line(ends[0], "pipe");
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    run_onto(ends[1], NULL);
    expect_line(ends[0], "socket");
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    cr_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    run_onto(slave, NULL);
    expect_line(master, "terminal");
}

/* A report, say: what is in the file stays, and what the program writes comes after. */
Test(standard_error, that_is_a_file_is_appended_to_and_not_replaced)
{
    const char *path = run_scratch("err");
    run_write(path, "before\n");
    int file = open(path, O_WRONLY | O_CLOEXEC);
    lseek(file, 7, SEEK_SET);
    run_onto(file, "GPUWARM_REPORT=/dev/stderr");
    cr_assert_eq(write(file, "after\n", 6), 6);
    const char *text = contents(path);
    cr_expect(strncmp(text, "before\n", 7) == 0 && strstr(text, "\"result\": \"warm\""), "%s", text);
    cr_expect_str_eq(text + strlen(text) - 8, "}\nafter\n", "%s", text);
}

/* What nobody could read was not said: a process further down, which has a stderr, says it. */
Test(standard_error, that_is_closed_leaves_a_complaint_to_those_that_have_one)
{
    const char *script =
        run_env("exec 4>&2 2>&-; exec %s spawn /bin/sh -c 'exec %s 2>&4'", run_host("runs"), run_host("plain"));
    struct run run = run_program(PRELOADED, LIST("/bin/sh", "-c", script), LIST("GPUWARM_LOGG=debug"));
    cr_expect_eq(line_count(run.err), 1, "%s", run.err);
    cr_expect_not_null(strstr(run.err, "GPUWARM_LOGG"), "%s", run.err);
}
