/* SPDX-License-Identifier: MIT */
/* The report and the log file: what is in them, and every kind of place in which they cannot be written. */
#include "run.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

TestSuite(report, .init = run_setup, .fini = run_teardown);

static struct run run_first_call(const char *const *environment)
{
    struct run run = run_program(PRELOADED, LIST(run_host("first_call")), environment);
    cr_expect_eq(run.status, 0);
    cr_expect_str_eq(run.out, "Simulated GPU 0: same\n");
    return run;
}

static struct run run_with_report(const char *path)
{
    return run_first_call(LIST(run_env("GPUWARM_REPORT=%s", path)));
}

Test(report, has_every_field)
{
    const char *path = run_scratch("report");
    cr_expect_str_empty(run_with_report(path).err);
    cJSON *report = report_read(path);
    cr_assert_not_null(report);
    struct journal *journal = journal_read();
    cr_expect_eq(report_number(report, "pid"), journal->lines[0].pid);
    cr_expect_str_eq(report_text(report, "version"), "0.1.0");
    cr_expect_str_eq(report_text(report, "program"), "first_call");
    cr_expect_str_eq(report_text(report, "trigger"), "load");
    cr_expect_str_eq(report_text(report, "result"), "warm");
    cr_expect_str_eq(report_text(report, "detail"), "null");
    cr_expect(cJSON_IsFalse(cJSON_GetObjectItem(report, "late")));
    cr_expect_eq(report_number(report, "forked_after"), 0);
    cr_expect_eq(report_number(report, "ppid"), getpid());
    cr_expect_gt(report_number(report, "total_ms"), 0);
    const cJSON *device = report_device(report, 0);
    cr_expect_null(report_device(report, 1));
    cr_expect_eq(report_number(device, "ordinal"), 0);
    cr_expect_str_eq(report_text(device, "name"), "Simulated GPU 0");
    cr_expect_str_eq(report_text(device, "uuid"), "GPU-51627384-95a6-b7c8-d9ea-fb0c1d2e3f50");
    const char *const *names = LIST("driver", "context", "kernel", "memory");
    for (; *names; names++) {
        const cJSON *stage = report_stage(device, *names);
        cr_assert_not_null(stage, "%s", *names);
        cr_expect_gt(report_number(stage, "ms"), 0);
        cr_expect_str_eq(report_text(stage, "result"), "ok");
        cr_expect_str_eq(report_text(stage, "error"), "null");
    }
}

Test(report, names_the_stage_and_the_error)
{
    const char *path = run_env("GPUWARM_REPORT=%s", run_scratch("report"));
    run_program(PRELOADED, LIST(run_host("plain")), LIST(path, "GPUWARM_TRIGGER=load", "SIMCUDA_FAULT=cuInit=100"));
    cJSON *report = report_read(run_scratch("report"));
    const cJSON *device = report_device(report, 0);
    cr_expect_str_eq(report_text(report, "result"), "failed");
    cr_expect_str_eq(report_text(report, "reason"), "driver: cuInit: CUDA_ERROR_NO_DEVICE");
    cr_expect_str_eq(report_text(device, "ordinal"), "null");
    cr_expect_str_eq(report_text(report_stage(device, "driver"), "error"), "CUDA_ERROR_NO_DEVICE");
    cr_expect_str_eq(report_text(report_stage(device, "memory"), "result"), "skipped");

    run_first_call(LIST(path, "SIMCUDA_FAULT=cuModuleLoadDataEx=221"));
    report = report_read(run_scratch("report"));
    device = report_device(report, 0);
    cr_expect_str_eq(report_text(report, "result"), "partial");
    cr_expect_str_eq(report_text(report_stage(device, "kernel"), "result"), "failed");
    cr_expect_str_eq(report_text(report_stage(device, "kernel"), "error"), "CUDA_ERROR_JIT_COMPILER_NOT_FOUND");
    cr_expect_str_eq(report_text(report_stage(device, "memory"), "result"), "ok",
                     "one stage's failure is not another's");
}

Test(report, percent_p_is_the_process)
{
    run_with_report(run_scratch("report.%p"));
    struct journal *journal = journal_read();
    cr_assert_not_null(report_read(run_scratch(run_env("report.%d", journal->lines[0].pid))));
}

Test(report, says_why_nothing_was_warmed)
{
    const char *path = run_scratch("report");
    run_program(PRELOADED, LIST(run_host("plain")), LIST(run_env("GPUWARM_REPORT=%s", path)));
    cJSON *report = report_read(path);
    cr_expect_str_eq(report_text(report, "result"), "skipped", "it has ended");
    cr_expect_str_eq(report_text(report, "trigger"), "null");
    cr_expect_str_eq(
        report_text(report, "reason"),
        "no CUDA executable: warmed when it waits for TCP connections with a CUDA library loaded; otherwise "
        "set GPUWARM_TRIGGER: load for a script, serve for other threads and local sockets, spawn or fork "
        "for a pool");
    cr_expect_eq(cJSON_GetArraySize(cJSON_GetObjectItem(report, "devices")), 0);
}

/* When this process started, as proc(5) has it in field 22 of its stat: in clock ticks after boot. */
static unsigned long long started(void)
{
    unsigned long long ticks = 0;
    FILE *file = fopen("/proc/self/stat", "re");
    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file,
                        "%*d (%*[^)]) %*s %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                        &ticks),
                 1);
    fclose(file);
    return ticks;
}

/* As a process with this one's pid left it. */
static void write_report(const char *path, unsigned long long start)
{
    run_write(path,
              run_env("{\n  \"version\": \"0\",\n  \"pid\": %d,\n  \"start\": %llu,\n  \"program\": \"server\"\n}\n",
                      getpid(), start));
}

Test(report, of_a_live_process_is_not_replaced_by_one_that_was_not_warmed)
{
    if (run_emulated())
        cr_skip_test("the emulator has a /proc/self/stat of its own");
    const char *path = run_scratch("report"), *setting = run_env("GPUWARM_REPORT=%s", path);
    write_report(path, started());
    run_program(PRELOADED, LIST(run_host("plain")), LIST(setting));
    cr_expect_str_eq(report_text(report_read(path), "program"), "server");
    write_report(path, started() - 1);
    run_program(PRELOADED, LIST(run_host("plain")), LIST(setting));
    cr_expect_str_eq(report_text(report_read(path), "program"), "plain", "another process has that pid now");
    run_with_report(path);
    cr_expect_str_eq(report_text(report_read(path), "program"), "first_call", "one that was warmed replaces it");
    run_program(PRELOADED, LIST(run_host("plain")), LIST(setting));
    cr_expect_str_eq(report_text(report_read(path), "program"), "plain", "that process is gone");
}

/*
 * A device on which nothing fits. One of the test's own where that can be made: a library that renames over it would,
 * run as root, destroy the machine's /dev/full.
 */
static const char *full_device(void)
{
    const char *own = run_scratch("full");
    int fd = mknod(own, S_IFCHR | 0666, makedev(1, 7)) == 0 ? open(own, O_WRONLY) : -1;
    if (fd < 0)
        return "/dev/full";
    close(fd);
    return own;
}

/* A place that cannot be written: one line with the setting and the reason, the place as it was. */
static void expect_refused(const char *setting, const char *path, const char *why)
{
    struct run run = run_first_call(LIST(run_env("%s=%s", setting, path)));
    cr_expect_eq(line_count(run.err), 1, "%s: %s", path, run.err);
    cr_expect_not_null(strstr(run.err, setting), "%s", run.err);
    cr_expect_not_null(strstr(run.err, why), "%s", run.err);
}

Test(report, to_a_place_that_cannot_be_written)
{
    const char *fifo = run_scratch("fifo"), *full = full_device();
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    expect_refused("GPUWARM_REPORT", full, "No space left on device");
    expect_refused("GPUWARM_REPORT", run_scratch(""), "Is a directory");
    expect_refused("GPUWARM_REPORT", "/nonexistent/report", "No such file or directory");
    expect_refused("GPUWARM_REPORT", "/proc/report", "No such file or directory");
    expect_refused("GPUWARM_REPORT", fifo, "No such device or address");
    struct stat status;
    cr_expect(stat(full, &status) == 0 && S_ISCHR(status.st_mode) && major(status.st_rdev) == 1);
    cr_expect(stat(fifo, &status) == 0 && S_ISFIFO(status.st_mode));
}

Test(report, through_a_symbolic_link_keeps_the_link)
{
    struct stat status;
    run_write(run_scratch("file"), "old");
    cr_assert_eq(symlink(run_scratch("file"), run_scratch("link")), 0);
    run_with_report(run_scratch("link"));
    cr_expect(lstat(run_scratch("link"), &status) == 0 && S_ISLNK(status.st_mode));
    cr_expect_not_null(report_read(run_scratch("file")));
}

Test(report, through_a_symbolic_link_to_nothing_makes_what_it_names)
{
    struct stat status;
    cr_assert_eq(symlink(run_scratch("file"), run_scratch("link")), 0);
    cr_expect_str_empty(run_with_report(run_scratch("link")).err);
    cr_expect(lstat(run_scratch("link"), &status) == 0 && S_ISLNK(status.st_mode));
    cr_expect_not_null(report_read(run_scratch("file")));
}

Test(report, to_a_descriptor_is_written_there)
{
    struct run run = run_first_call(LIST("GPUWARM_REPORT=/dev/stderr"));
    cJSON *report = cJSON_Parse(run.err);
    cr_assert_not_null(report, "%s", run.err);
    cr_expect_str_eq(report_text(report, "result"), "warm");
}

Test(report, leaves_no_temporary_file)
{
    run_with_report(run_scratch("home/report"));
    struct run list = run_program(PLAIN, LIST("/bin/ls", run_scratch("home")), NULL);
    cr_expect_str_eq(list.out, "report\n");
}

Test(report, log_file_takes_the_lines)
{
    const char *path = run_scratch("log");
    const char *const *settings = LIST(run_env("GPUWARM_LOG_FILE=%s", path), "GPUWARM_LOG=info");
    cr_expect_str_empty(run_first_call(settings).err);
    cr_expect_str_empty(run_first_call(settings).err);
    struct run cat = run_program(PLAIN, LIST("/bin/cat", path), NULL);
    cr_expect_eq(line_count(cat.out), 2, "appended: %s", cat.out);
}

Test(report, log_file_that_cannot_be_written_falls_back_to_stderr)
{
    const char *const *places = LIST("/nonexistent/log", "/", full_device());
    for (; *places; places++) {
        struct run run = run_first_call(LIST(run_env("GPUWARM_LOG_FILE=%s", *places), "GPUWARM_LOG=info"));
        cr_expect_not_null(strstr(run.err, "warm in"), "%s: %s", *places, run.err);
    }
}

/* stderr closed, full, or a pipe that nobody reads: the program must neither be killed nor wait. */
Test(report, stderr_that_cannot_be_written)
{
    const char *program = run_env("%s; echo $?", run_host("first_call"));
    const char *const *settings = LIST("GPUWARM_LOG=debug", "GPUWARM_DEVICE=0,9");
    const char *const *redirections = LIST("exec 2>&-", "exec 2>/dev/full", "exec 2> >(exec true); wait $!");
    for (; *redirections; redirections++) {
        const char *script = run_env("%s; %s", *redirections, program);
        struct run run = run_program(PRELOADED, LIST("/bin/bash", "-c", script), settings);
        cr_expect_str_eq(run.out, "Simulated GPU 0: same\n0\n", "%s: %s", *redirections, run.out);
    }
}

/* A pipe whose reader is gone raises SIGPIPE in who writes to it; a full one makes it wait. */
Test(report, a_pipe_that_nobody_reads)
{
    const char *const *settings = LIST("GPUWARM_REPORT=/dev/fd/3", "GPUWARM_LOG_FILE=/dev/fd/3");
    const char *const *pipes =
        LIST("exec 3> >(exec true); wait $!", "exec 3> >(exec sleep 2); head -c 65536 /dev/zero >&3");
    for (; *settings; settings++)
        for (const char *const *pipe = pipes; *pipe; pipe++) {
            const char *script = run_env("%s; %s; echo $?", *pipe, run_host("first_call"));
            struct run run =
                run_program(PRELOADED, LIST("/bin/bash", "-c", script), LIST(*settings, "GPUWARM_LOG=info"));
            cr_expect_str_eq(run.out, "Simulated GPU 0: same\n0\n", "%s, %s: %s", *settings, *pipe, run.out);
            cr_expect_geq(line_count(run.err), 1, "said on stderr instead: %s", run.err);
        }
}

/* In a user namespace of its own root has no privilege over what was there before. */
Test(report, in_a_folder_that_may_not_be_written)
{
    const char *script = "LD_PRELOAD=$2 GPUWARM_REPORT=$1/report GPUWARM_LOG_FILE=$1/log GPUWARM_LOG=info \"$3\"";
    cr_assert_eq(chmod(run_scratch("home"), 0500), 0);
    struct run run = run_program(PLAIN,
                                 LIST("/usr/bin/unshare", "-U", "/bin/sh", "-c", script, "sh", run_scratch("home"),
                                      run_build("libgpuwarm.so"), run_host("first_call")),
                                 NULL);
    if (strstr(run.err, "unshare"))
        cr_skip_test("no user namespaces here");
    cr_expect_str_eq(run.out, "Simulated GPU 0: same\n");
    cr_expect_eq(line_count(run.err), 2, "the line that log would have, and why there is no report: %s", run.err);
    cr_expect_not_null(strstr(run.err, "Permission denied; no report"), "%s", run.err);
}

/* A disk with no room left: one line, the report of before as it was, and nothing half-written left behind. */
Test(report, on_a_full_disk)
{
    const char *script =
        "mount -t tmpfs -o size=16k none \"$1\" 2>/dev/null || exit 77; cd \"$1\"; echo before >report; "
        "cat /dev/zero >full 2>/dev/null; LD_PRELOAD=$2 GPUWARM_REPORT=$1/report GPUWARM_LOG_FILE=$1/log \"$3\"; "
        "ls; cat report";
    struct run run = run_program(PLAIN,
                                 LIST("/usr/bin/unshare", "-rm", "/bin/sh", "-c", script, "sh", run_scratch("home"),
                                      run_build("libgpuwarm.so"), run_host("first_call")),
                                 NULL);
    if (run.status == 77 || strstr(run.err, "unshare"))
        cr_skip_test("no file system can be mounted here");
    cr_expect_str_eq(run.out, "Simulated GPU 0: same\nfull\nlog\nreport\nbefore\n", "%s", run.out);
    cr_expect_eq(line_count(run.err), 1, "%s", run.err);
    cr_expect_not_null(strstr(run.err, "No space left on device"), "%s", run.err);
}

/* Starts 24 programs at once with one report and one log file, and reads the report whenever it is there. */
static const char race[] =
    "import json, os, subprocess, sys\n"
    "library, program, folder = sys.argv[1:]\n"
    "report, log = folder + '/report', folder + '/log'\n"
    "environment = dict(os.environ, LD_PRELOAD=library, GPUWARM_REPORT=report, GPUWARM_LOG_FILE=log, "
    "GPUWARM_LOG='info')\n"
    "running = [subprocess.Popen([program], env=environment, stdout=subprocess.DEVNULL) for _ in range(24)]\n"
    "pids, seen = {process.pid for process in running}, set()\n"
    "while any([process.poll() is None for process in running]) or not seen:\n"
    "    try:\n"
    "        with open(report) as file:\n"
    "            seen.add(json.load(file)['pid'])\n"
    "    except FileNotFoundError:\n"
    "        pass\n"
    "assert seen <= pids and all(process.returncode == 0 for process in running), (seen, pids)\n"
    "with open(log) as file:\n"
    "    lines = file.read().splitlines()\n"
    "assert {int(line.split('[')[1].split(']')[0]) for line in lines} == pids and len(lines) == 24, lines\n"
    "assert sorted(os.listdir(folder)) == ['log', 'report'], os.listdir(folder)\n"
    "print('whole')\n";

Test(report, of_many_processes_in_one_file_is_always_whole)
{
    const char *folder = run_scratch("race");
    cr_assert_eq(mkdir(folder, 0700), 0);
    struct run run = run_program(
        PLAIN, LIST("/usr/bin/env", "python3", "-c", race, run_build("libgpuwarm.so"), run_host("first_call"), folder),
        NULL);
    if (run.status == 127)
        cr_skip_test("python3 is not installed");
    cr_expect_str_eq(run.out, "whole\n", "%s", run.err);
    cr_expect_eq(run.status, 0);
}
