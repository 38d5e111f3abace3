/* SPDX-License-Identifier: MIT */
/* Settings that cannot be obeyed: one clear line that names the setting, and the program goes on unharmed. */
#include "base/version.h"
#include "run.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(settings, .init = run_setup, .fini = run_teardown);

struct expectation {
    const char *setting;
    const char *line; /* what stderr has, after "gpuwarm[PID] " */
    bool warmed;
};

static void expect(const struct expectation *expected)
{
    journal_clear();
    struct run run = run_program(PRELOADED, LIST(run_host("first_call")), LIST(expected->setting));
    cr_expect_eq(run.status, 0, "%s", expected->setting);
    cr_expect_str_eq(run.out, "Simulated GPU 0: same\n", "%s", expected->setting);
    cr_expect_eq(line_count(run.err), 1, "%s: one line, not: %s", expected->setting, run.err);
    const char *text = strstr(run.err, "] ");
    cr_expect(text && strncmp(run.err, "gpuwarm[", 8) == 0, "%s", run.err);
    cr_expect_str_eq(text ? text + 2 : "", expected->line);
    cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", NULL), expected->warmed, "%s", expected->setting);
}

#define DEVICE_FORMS "auto, all, none, or a list of ordinals, GPU-/MIG-UUIDs and PCI bus ids"
#define STAGE_FORMS  "all or a list of prefetch, driver, context, kernel, memory, libraries"

Test(settings, every_bad_value_gets_its_line)
{
    static const struct expectation expected[] = {
        {"GPUWARM_DEVICE=one", "GPUWARM_DEVICE=one: expected " DEVICE_FORMS " (nearest: none); not warmed\n", false},
        {"GPUWARM_DEVICE=-1", "GPUWARM_DEVICE=-1: expected " DEVICE_FORMS "; not warmed\n", false},
        {"GPUWARM_DEVICE=0,,1", "GPUWARM_DEVICE=0,,1: expected " DEVICE_FORMS "; not warmed\n", false},
        {"GPUWARM_DEVICE=GPU-", "GPUWARM_DEVICE=GPU-: expected " DEVICE_FORMS "; not warmed\n", false},
        {"GPUWARM_DEVICE=12345678", "GPUWARM_DEVICE=12345678: expected " DEVICE_FORMS "; not warmed\n", false},
        {"GPUWARM_TRIGGER=laod",
         "GPUWARM_TRIGGER=laod: expected auto, load, serve, fork, spawn or off (nearest: load); not warmed\n", false},
        {"GPUWARM_STAGES=kernle", "GPUWARM_STAGES=kernle: expected " STAGE_FORMS " (nearest: kernel); not warmed\n",
         false},
        {"GPUWARM_STAGES=driver;memory", "GPUWARM_STAGES=driver;memory: expected " STAGE_FORMS "; not warmed\n", false},
        {"GPUWARM_LOG=verbose", "GPUWARM_LOG=verbose: expected off, error, warn, info or debug; warn applies\n", true},
        {"GPUWARM_LOG=warning",
         "GPUWARM_LOG=warning: expected off, error, warn, info or debug (nearest: warn); warn applies\n", true},
        {"GPUWARM_TRIGER=off", "GPUWARM_TRIGER: no such setting (nearest: GPUWARM_TRIGGER); not warmed\n", false},
        {"GPUWARM_LOGFILE=x", "GPUWARM_LOGFILE: no such setting (nearest: GPUWARM_LOG_FILE); ignored\n", true},
        {"GPUWARM_WALLPAPER=x", "GPUWARM_WALLPAPER: no such setting; ignored\n", true},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        expect(&expected[i]);
}

Test(settings, log_off_silences_even_that)
{
    struct run run =
        run_program(PRELOADED, LIST(run_host("first_call")), LIST("GPUWARM_DEVICE=one", "GPUWARM_LOG=off"));
    cr_expect_str_empty(run.err);
    cr_expect_eq(run.status, 0);
}

Test(settings, the_kill_switch_asks_no_questions)
{
    struct run run =
        run_program(PRELOADED, LIST(run_host("first_call")), LIST("GPUWARM_TRIGGER=off", "GPUWARM_DEVICE=x"));
    cr_expect_str_empty(run.err);
    cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", NULL), 0);
}

/* How people write it who do not look it up: they mean it, and get what they mean, with nothing to complain about. */
Test(settings, the_kill_switch_by_other_names)
{
    for (const char *const *setting = LIST("DISABLE=1", "DISABLED=true", "ENABLED=0", "ENABLE=off", "OFF=1"); *setting;
         setting++) {
        struct run run = run_program(PRELOADED, LIST(run_host("first_call")), LIST(run_env("GPUWARM_%s", *setting)));
        cr_expect_str_empty(run.err, "%s", *setting);
        cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", NULL), 0, "%s", *setting);
    }
    expect(&(struct expectation){"GPUWARM_DISABLE=0", "GPUWARM_DISABLE: no such setting; ignored\n", true});
    expect(&(struct expectation){"GPUWARM_ENABLED=1", "GPUWARM_ENABLED: no such setting; ignored\n", true});
    const char *const *settings = LIST("GPUWARM_OFF=1", "GPUWARM_TRIGGER=load", "GPUWARM_LOG=info",
                                       run_env("GPUWARM_REPORT=%s", run_scratch("report")));
    struct run run = run_program(PRELOADED, LIST(run_host("plain")), settings);
    cr_expect_str_eq(report_text(report_read(run_scratch("report")), "reason"),
                     "GPUWARM_OFF=1 is taken for GPUWARM_TRIGGER=off");
    cr_expect_not_null(strstr(run.err, "plain: not warmed: GPUWARM_OFF=1 is taken for GPUWARM_TRIGGER=off\n"), "%s",
                       run.err);
}

Test(settings, a_line_comes_once_in_a_process_tree)
{
    const char *const *argv = LIST(run_host("runs"), "spawn", run_host("runs"), "spawn", run_host("first_call"));
    struct run run = run_program(PRELOADED, argv, LIST("GPUWARM_DEVICE=nine", "GPUWARM_STAGES=many"));
    cr_expect_eq(run.status, 0, "%s", run.out);
    cr_expect_eq(line_count(run.err), 2, "%s", run.err);
}

/* Who has named a GPU, and used CUDA without it being warm, is told at the end. */
Test(settings, nobody_who_named_a_gpu_is_left_in_silence)
{
    const char *const *cuda = LIST(run_host("steps"), "open:libcuda.so.1");
    for (const char *const *name = LIST("DEVICE", "STAGES"); *name; name++) {
        struct run run = run_program(PRELOADED, cuda, LIST(run_env("GPUWARM_%s=%s", *name, "all")));
        cr_expect_eq(line_count(run.err), 1, "%s", run.err);
        cr_expect_not_null(strstr(run.err, run_env("steps: ends, and was not warmed, though GPUWARM_%s is set: it has "
                                                   "not waited for connections: GPUWARM_TRIGGER=load for a script, ",
                                                   *name)),
                           "%s", run.err);
    }
    struct run run = run_program(PRELOADED, LIST(run_host("forks_first")), LIST("GPUWARM_DEVICE=0"));
    cr_expect_eq(line_count(run.err), 1, "not in its child: %s", run.err);
    cr_expect_not_null(strstr(run.err, "it imports fork: CUDA would not work in its children; GPUWARM_TRIGGER=load "
                                       "warms it all the same\n"),
                       "%s", run.err);
}

Test(settings, who_named_a_gpu_and_got_what_there_was_is_told_nothing)
{
    static const char *const silent[][4] = {
        {"steps", "open:libcuda.so.1", "fork", "GPUWARM_DEVICE=none"},
        {"steps", "open:libcuda.so.1", "fork", "GPUWARM_STAGES="},
        {"steps", "pipe", "fork", "GPUWARM_DEVICE=0"},
        {"first_call", "a", "b", "GPUWARM_DEVICE=0"},
    };
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        const char *const *argv = LIST(run_host(silent[i][0]), silent[i][1], silent[i][2]);
        struct run run = run_program(PRELOADED, argv, LIST(silent[i][3]));
        cr_expect_str_empty(run.err, "%zu: %s", i, run.err);
    }
    const char *const *serves = LIST(run_host("steps"), "open:libcuda.so.1", "listen", "wait:poll");
    cr_expect_str_empty(run_program(PRELOADED, serves, LIST("GPUWARM_DEVICE=0")).err);
    /* A master, whose workers are warmed. */
    const char *const *master = LIST(run_host("steps"), "open:libcuda.so.1", "listen", "child");
    cr_expect_str_empty(run_program(PRELOADED, master, LIST("GPUWARM_DEVICE=0")).err);
    const char *const *pool = LIST(run_host("steps"), "open:libcuda.so.1", "fork");
    cr_expect_str_empty(run_program(PRELOADED, pool, LIST("GPUWARM_DEVICE=0", "GPUWARM_TRIGGER=fork")).err);
    /* What such a program starts is not what was meant, unless it is a shell. */
    const char *const *started = LIST(run_host("runs"), "spawn", run_host("steps"), "open:libcuda.so.1");
    cr_expect_str_empty(run_program(PRELOADED, started, LIST("GPUWARM_DEVICE=0")).err);
    /* The kernel's name of an emulated shell is the emulator's. */
    if (run_emulated())
        return;
    const char *const *shell = LIST("/bin/sh", "-c", "\"$0\" open:libcuda.so.1; :", run_host("steps"));
    struct run run = run_program(PRELOADED, shell, LIST("GPUWARM_DEVICE=0"));
    cr_expect_eq(line_count(run.err), 1, "%s", run.err);
}

Test(settings, shells_and_tools_say_nothing)
{
    struct run run = run_program(PRELOADED, LIST("/bin/sh", "-c", "true; ls / >/dev/null; env >/dev/null"),
                                 LIST("GPUWARM_DEVICE=nine", "GPUWARM_BANANA=1"));
    cr_expect_str_empty(run.err, "%s", run.err);
    cr_expect_eq(run.status, 0);
}

/* A program of that name, on the skip list; it is started by the test, in whose environment there is no setting. */
static struct run skipped(const char *name, const char *const *settings)
{
    symlink(run_host("plain"), run_scratch(name));
    return run_program(PRELOADED, LIST(run_scratch(name)), settings);
}

/* What somebody has started and asked to be warmed by name, and is on the list. */
Test(settings, a_skipped_program_that_was_asked_for_says_so)
{
    static const char line[] = "ffmpeg: not warmed: skip list: ffmpeg (media tool)\n";
    for (const char *const *trigger = LIST("load", "serve"); *trigger; trigger++) {
        struct run run = skipped("ffmpeg", LIST(run_env("GPUWARM_TRIGGER=%s", *trigger)));
        cr_expect_eq(run.status, 7);
        cr_expect_eq(line_count(run.err), 1, "%s", run.err);
        cr_expect_not_null(strstr(run.err, line), "%s", run.err);
    }
    cr_expect_str_empty(skipped("ffmpeg", NULL).err);
    cr_expect_str_empty(skipped("ffmpeg", LIST("GPUWARM_TRIGGER=off")).err);
    cr_expect_str_empty(skipped("ffmpeg", LIST("GPUWARM_TRIGGER=load", "GPUWARM_LOG=error")).err);
    cr_expect_not_null(strstr(skipped("ffmpeg", LIST("GPUWARM_LOG=info")).err, line));
    cr_expect_not_null(strstr(skipped("plain2", LIST("GPUWARM_LOG=info", "GPUWARM_SKIP=plain*")).err,
                              "plain2: not warmed: skip list: plain* (GPUWARM_SKIP)\n"));
}

/* A service may read what ffmpeg writes to stderr: who asked for the service has not asked for that. */
Test(settings, a_skipped_program_that_another_starts_is_silent)
{
    symlink(run_host("plain"), run_scratch("ffmpeg"));
    const char *const *argv = LIST(run_host("runs"), "spawn", run_scratch("ffmpeg"));
    struct run run = run_program(PRELOADED, argv, LIST("GPUWARM_TRIGGER=serve"));
    cr_expect_eq(run.status, 7, "%d", run.status);
    cr_expect_str_empty(run.err, "%s", run.err);
}

/* Ranks are asked for so, and the launcher is not meant. */
Test(settings, launchers_say_so_at_info_and_shells_at_debug)
{
    cr_expect_str_empty(skipped("torchrun", LIST("GPUWARM_TRIGGER=load")).err);
    struct run run = skipped("torchrun", LIST("GPUWARM_TRIGGER=load", "GPUWARM_LOG=info"));
    cr_expect_not_null(strstr(run.err, "torchrun: not warmed: skip list: torchrun (job launcher)\n"), "%s", run.err);
    cr_expect_eq(line_count(run.err), 1, "%s", run.err);
    const char *const *shell = LIST("/bin/sh", "-c", "true; ls / >/dev/null; env >/dev/null");
    run = run_program(PRELOADED, shell, LIST("GPUWARM_TRIGGER=load", "GPUWARM_LOG=info"));
    cr_expect_str_empty(run.err, "%s", run.err);
    run = run_program(PRELOADED, shell, LIST("GPUWARM_TRIGGER=load", "GPUWARM_LOG=debug"));
    cr_expect_not_null(strstr(run.err, "sh: not warmed: skip list: sh (shell)\n"), "%s", run.err);
}

Test(settings, stages_are_only_those_named_and_what_they_need)
{
    run_program(PRELOADED, LIST(run_host("plain")), LIST("GPUWARM_TRIGGER=load", "GPUWARM_STAGES=driver"));
    cr_expect_eq(journal_calls(journal_read(), "cuInit", NULL), 1);
    cr_expect_eq(journal_calls(journal_read(), "cuDevicePrimaryCtxRetain", NULL), 0);
    journal_clear();
    run_program(PRELOADED, LIST(run_host("plain")), LIST("GPUWARM_TRIGGER=load", "GPUWARM_STAGES=memory"));
    cr_expect_eq(journal_calls(journal_read(), "cuDevicePrimaryCtxRetain", NULL), 1);
    cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", NULL), 0);
    cr_expect_eq(journal_calls(journal_read(), "cuMemAlloc_v2", NULL), 1);
}

Test(settings, no_libcuda_is_silent_unless_asked_for)
{
    const char *nowhere = "LD_LIBRARY_PATH=/nonexistent";
    struct run run = run_program(PRELOADED, LIST(run_host("fat_binary")), LIST(nowhere));
    cr_expect_eq(run.status, 0);
    cr_expect_str_empty(run.err, "%s", run.err);
    run = run_program(PRELOADED, LIST(run_host("fat_binary")), LIST(nowhere, "GPUWARM_TRIGGER=load"));
    cr_expect_eq(run.status, 0);
    cr_expect_eq(line_count(run.err), 1, "%s", run.err);
    cr_expect_not_null(strstr(run.err, "not warmed: driver: libcuda.so.1: cannot open"), "%s", run.err);
    run = run_program(PRELOADED, LIST(run_host("fat_binary")), LIST(nowhere, "GPUWARM_LOG=info"));
    cr_expect_not_null(strstr(run.err, "libcuda.so.1"), "%s", run.err);
}

Test(settings, info_is_one_line_a_person_can_read)
{
    struct run run = run_program(PRELOADED, LIST(run_host("first_call")), LIST("GPUWARM_LOG=info"));
    char name[64];
    int device, pid;
    double total, driver, context, kernel, memory;
    cr_expect_eq(line_count(run.err), 1, "%s", run.err);
    int fields = sscanf(
        run.err, "gpuwarm[%d] %63[^(](device %d) warm in %lf ms: driver %lf, context %lf, kernel %lf, memory %lf", &pid,
        name, &device, &total, &driver, &context, &kernel, &memory);
    cr_expect_eq(fields, 8, "%s", run.err);
    cr_expect_str_eq(name, "Simulated GPU 0 ");
}

/* What was decided, and by which version. */
Test(settings, debug_names_the_version)
{
    for (const char *const *host = LIST("plain", "first_call"); *host; host++) {
        struct run run = run_program(PRELOADED, LIST(run_host(*host)), LIST("GPUWARM_LOG=debug"));
        const char *version = strstr(run.err, "libgpuwarm " GPUWARM_VERSION ")\n");
        cr_expect(version && !strstr(version + 1, "libgpuwarm"), "once: %s", run.err);
        run = run_program(PRELOADED, LIST(run_host(*host)), LIST("GPUWARM_LOG=info"));
        cr_expect_null(strstr(run.err, "libgpuwarm"), "%s", run.err);
    }
}

Test(settings, info_says_why_not)
{
    struct run run = run_program(PRELOADED, LIST(run_host("plain")), LIST("GPUWARM_LOG=info"));
    cr_expect_not_null(strstr(run.err, "plain: waits until it serves: no CUDA executable"), "%s", run.err);
}
