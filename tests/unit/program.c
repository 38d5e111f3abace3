/* SPDX-License-Identifier: MIT */
/*
 * What a process runs, from its arguments, and whether the skip list has it. The list itself (skip.def) is read here
 * too: every entry must match as a program, and as an interpreter's script only where it says so.
 */
#include "policy/program.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { ARGUMENTS_MAX = 10 };

static int argument_count(char *const *argv)
{
    int count = 0;
    while (argv[count])
        count++;
    return count;
}

Test(program, names)
{
    static char *const rows[][2] = {
        {"server", "server"},
        {"/usr/bin/server", "server"},
        {"./server", "server"},
        {"-bash", "bash"},
        {"-/bin/bash", "bash"},
        {"/bin/-sh", "sh"},
        {"a b", "a b"},
        {"", ""},
        {"-", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct program program = program_from(1, (char *const[]){rows[i][0], NULL});
        cr_assert_str_eq(program.name, rows[i][1], "\"%s\" is named \"%s\"", rows[i][0], program.name);
        cr_assert_null(program.script, "\"%s\"", rows[i][0]);
    }
}

/* Linux starts programs with argc 0 (before 5.18), and then argv[0] is NULL. */
Test(program, without_arguments)
{
    struct skip skip;
    struct program program = program_from(0, (char *const[]){NULL});
    cr_assert_str_eq(program.name, "");
    cr_assert_null(program.script);
    cr_assert_not(program_skip(&program, NULL, &skip));
    program = program_from(0, NULL);
    cr_assert_str_eq(program.name, "");
    program = program_from(1, (char *const[]){NULL});
    cr_assert_str_eq(program.name, "");
}

static const struct {
    char *argv[ARGUMENTS_MAX];
    const char *script;
} runs[] = {
    {{"python3"}, NULL},
    {{"python3", "train.py"}, "train.py"},
    {{"/usr/bin/python3", "/opt/app/train.py", "--lr", "1"}, "train.py"},
    {{"python", "train.py"}, "train.py"},
    {{"python3.11", "train.py"}, "train.py"},
    {{"pypy3", "train.py"}, "train.py"},
    {{"-python3", "train.py"}, "train.py"},
    {{"python3", "-m", "torch.distributed.run", "train.py"}, "torch.distributed.run"},
    {{"python3", "-mtorch.distributed.run", "train.py"}, "torch.distributed.run"},
    {{"python3", "-um", "vllm"}, "vllm"},
    {{"python3", "-Ium", "vllm"}, "vllm"},
    {{"python3", "-umvllm"}, "vllm"},
    {{"python3", "-m"}, NULL},
    {{"python3", "-c", "import vllm", "train.py"}, NULL},
    {{"python3", "-cimport vllm", "train.py"}, NULL},
    {{"python3", "-uc", "import vllm", "train.py"}, NULL},
    {{"python3", "-u", "script.py"}, "script.py"},
    {{"python3", "-OO", "-B", "-u", "script.py", "-m", "vllm"}, "script.py"},
    {{"python3", "-W", "ignore", "script.py"}, "script.py"},
    {{"python3", "-Wignore", "script.py"}, "script.py"},
    {{"python3", "-uW", "module", "script.py"}, "script.py"},
    {{"python3", "-X", "dev", "script.py"}, "script.py"},
    {{"python3", "-Xdev", "script.py"}, "script.py"},
    {{"python3", "-Ximporttime", "-W", "error", "-m", "vllm"}, "vllm"},
    {{"python3", "-W"}, NULL},
    {{"python3", "--check-hash-based-pycs", "never", "script.py"}, "script.py"},
    {{"python3", "--check-hash-based-pycs"}, NULL},
    {{"python3", "--version"}, NULL},
    {{"python3", "--", "script.py"}, "script.py"},
    {{"perl"}, NULL},
    {{"/usr/bin/perl", "/usr/bin/parallel", "-j2"}, "parallel"},
    {{"perl5.36.0", "-w", "serve.pl"}, "serve.pl"},
    {{"perl", "-I", "lib", "-Mstrict", "-MIO::Socket=x", "serve.pl"}, "serve.pl"},
    {{"perl", "-Ilib", "-T", "--", "serve.pl"}, "serve.pl"},
    {{"perl", "-lne", "print", "file"}, NULL},
    {{"perl", "-MPOSIX", "-E", "say 1", "file"}, NULL},
    {{"perl", "-i.bak", "-p", "edit.pl", "file"}, "edit.pl"},
    {{"perl", "-m", "x.pl"}, "x.pl"},
    {{"perl", "-"}, NULL},
    {{"perldoc", "serve.pl"}, NULL},
    {{"node", "server.js"}, NULL},
    {{"server", "-m", "vllm"}, NULL},
};

Test(program, scripts_and_modules)
{
    for (size_t i = 0; i < COUNT(runs); i++) {
        struct program program = program_from(argument_count(runs[i].argv), runs[i].argv);
        const char *shown = runs[i].argv[1] ? runs[i].argv[1] : runs[i].argv[0];
        cr_assert_eq(program.script != NULL, runs[i].script != NULL, "row %zu (%s): script %s", i, shown,
                     program.script);
        if (runs[i].script)
            cr_assert_str_eq(program.script, runs[i].script, "row %zu (%s): script %s", i, shown, program.script);
    }
}

/* "-" is the program itself, read from standard input; what comes after it is the program's (python(1)). */
Test(program, a_script_on_standard_input_has_no_name)
{
    struct program program = program_from(3, (char *const[]){"python3", "-", "torchrun", NULL});
    cr_assert_str_eq(program.name, "python3");
    cr_assert_null(program.script, "script %s", program.script);
}

/* As CPython 3.6 to 3.14 starts them, and what is installed beside it. */
static const struct {
    char *argv[ARGUMENTS_MAX];
    enum program_role role;
} roles[] = {
    {{"/usr/bin/python3", "-c", "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)",
      "--multiprocessing-fork"},
     ROLE_SPAWNED},
    {{"python3.12", "-B", "-OO", "-W", "ignore", "-Xfrozen_modules=off", "-c",
      "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)",
      "--multiprocessing-fork"},
     ROLE_SPAWNED},
    {{"python", "-cfrom multiprocess.spawn import spawn_main; spawn_main(pipe_handle=7)", "--multiprocessing-fork"},
     ROLE_SPAWNED},
    {{"python", "-Ic", "from multiprocessing.resource_tracker import main;main(5)"}, ROLE_TRACKER},
    {{"python3", "-c", "from multiprocessing.semaphore_tracker import main;main(5)"}, ROLE_TRACKER},
    {{"python3", "-c", "from multiprocess.resource_tracker import main;main(5)"}, ROLE_TRACKER},
    {{"python3", "-c", "from joblib.externals.loky.backend.resource_tracker import main; main(5, False)"},
     ROLE_TRACKER},
    {{"python3", "-c", "from multiprocessing.forkserver import main; main(5, 6, ['__main__'], **{})"},
     ROLE_FORK_SERVER},
    {{"python3", "-c", "from billiard.forkserver import main; main(5, 6, [], **{})"}, ROLE_FORK_SERVER},
    {{"python3.14", "-c",
      "import sys; from multiprocessing.forkserver import main; main(5, 6, [], sys_argv=sys.argv[1:])", "server.py",
      "--port"},
     ROLE_FORK_SERVER},
    /* What only looks like it. */
    {{"python3", "-c", "from multiprocessing.spawn import spawn_main; spawn_main(pipe_handle=7)"}, ROLE_NONE},
    {{"python3", "-c", "from multiprocessing.spawn import spawn_main; f()", "--multiprocessing-fork", "x"}, ROLE_NONE},
    {{"python3", "-c", "from multiprocessing.spawn import spawn_main; f()", "--multiprocessing-forks"}, ROLE_NONE},
    {{"python3", "-c", "import service", "--multiprocessing-fork"}, ROLE_NONE},
    {{"python3", "-c", "from multiprocessing.pool import main; main()"}, ROLE_NONE},
    {{"python3", "-c", "from multiprocessing.resource_tracker import main_loop; f()"}, ROLE_NONE},
    {{"python3", "-c", "from service.forkserver import main; main()"}, ROLE_NONE},
    {{"python3", "-c", "from multiprocessing.", "from multiprocessing.forkserver import main; "}, ROLE_NONE},
    {{"python3", "-c"}, ROLE_NONE},
    {{"python3", "-c", ""}, ROLE_NONE},
    {{"python3", "x.py", "-c", "from multiprocessing.resource_tracker import main;main(5)"}, ROLE_NONE},
    {{"python3", "-m", "x", "-c", "from multiprocessing.resource_tracker import main;main(5)"}, ROLE_NONE},
    {{"bash", "-c", "from multiprocessing.resource_tracker import main;main(5)"}, ROLE_NONE},
};

Test(program, roles_in_multiprocessing)
{
    for (size_t i = 0; i < COUNT(roles); i++) {
        struct program program = program_from(argument_count(roles[i].argv), roles[i].argv);
        cr_expect_eq(program.role, roles[i].role, "row %zu: %d", i, (int)program.role);
        cr_expect(program.role == ROLE_NONE || !program.script, "row %zu: script %s", i, program.script);
    }
}

static bool skips(char *const *argv, const char *extra, char *why, size_t size)
{
    struct program program = program_from(argument_count(argv), argv);
    struct skip skip;
    if (!program_skip(&program, extra, &skip))
        return false;
    program_skip_describe(&skip, why, size);
    return true;
}

static const struct {
    char *argv[ARGUMENTS_MAX];
    const char *why; /* NULL: not skipped */
} listed[] = {
    {{"bash"}, "bash (shell)"},
    {{"-bash"}, "bash (shell)"},
    {{"/usr/bin/ksh93", "server"}, "ksh93 (shell)"},
    {{"["}, "[ (command-line tool)"},
    {{"test"}, "test (command-line tool)"},
    {{"x86_64-linux-gnu-gcc"}, NULL},
    {{"gcc-12", "a.c"}, "gcc-* (command-line tool)"},
    {{"g++"}, "g++ (command-line tool)"},
    {{"env", "A=b", "server"}, "env (starts another program)"},
    {{"torchrun", "train.py"}, "torchrun (job launcher)"},
    {{"python3", "/usr/local/bin/torchrun", "train.py"}, "torchrun (job launcher)"},
    {{"python3", "-m", "torch.distributed.run", "train.py"}, "torch.distributed.run (job launcher)"},
    {{"python3.11", "-u", "-m", "torch.distributed.launch"}, "torch.distributed.launch (job launcher)"},
    {{"mpirun.openmpi", "-n", "2"}, "mpirun* (job launcher)"},
    {{"gdb", "server"}, "gdb (debugger or profiler)"},
    {{"nvidia-smi"}, "nvidia-* (NVIDIA tool)"},
    {{"ffmpeg", "-i", "a"}, "ffmpeg (media tool)"},
    {{"vllm", "serve"}, "vllm (multi-process engine)"},
    {{"python3", "/usr/bin/vllm", "serve"}, "vllm (multi-process engine)"},
    {{"python3", "-m", "vllm.entrypoints.openai.api_server"}, "vllm.* (multi-process engine)"},
    {{"postgres", "-D", "/data"}, "postgres (forks for each connection)"},
    {{"perl", "/usr/bin/parallel", "server"}, "parallel (starts another program)"},
    {{"perl", "serve.pl"}, NULL},
    {{"perl"}, NULL},
    {{"cudafe++"}, "cudafe++ (NVIDIA tool)"},
    {{"cpp-12"}, "cpp-* (command-line tool)"},
    {{"supervise", "service"}, "supervise (starts another program)"},
    {{"dask-worker", "tcp://a:1"}, "dask-worker (launcher, unless --no-nanny)"},
    {{"dask", "worker", "tcp://a:1"}, "dask (launcher, unless --no-nanny)"},
    {{"python3", "-m", "distributed.cli.dask_worker"}, "distributed.cli.* (launcher, unless --no-nanny)"},
    {{"dask-worker", "tcp://a:1", "--no-nanny"}, NULL},
    {{"python3", "/usr/bin/dask", "worker", "--no-nanny", "tcp://a:1"}, NULL},
    {{"python3", "-m", "distributed.cli.dask_worker", "--no-nanny"}, NULL},
    {{"torchrun", "--no-nanny"}, "torchrun (job launcher)"},
    {{"server", "torchrun"}, NULL},
    {{"node", "torchrun"}, NULL},
    {{"python3"}, NULL},
    {{"python3", "train.py", "torchrun"}, NULL},
    {{"python3", "-c", "import torch", "torchrun"}, NULL},
    {{"python3", "-m", "torch.distributed.runner"}, NULL},
    {{"python3", "-m", "uvicorn", "service:app"}, NULL},
    {{"bashful"}, NULL},
    {{"Bash"}, NULL},
    {{"vllm_client"}, NULL},
};

Test(program, skip_list)
{
    for (size_t i = 0; i < COUNT(listed); i++) {
        char why[64] = "";
        bool skipped = skips(listed[i].argv, NULL, why, sizeof why);
        cr_assert_eq(skipped, listed[i].why != NULL, "row %zu, %s: \"%s\"", i, listed[i].argv[0], why);
        if (listed[i].why)
            cr_assert_str_eq(why, listed[i].why, "row %zu, %s: \"%s\"", i, listed[i].argv[0], why);
    }
}

Test(program, tools_are_not_scripts)
{
    static char *const names[] = {"test", "env", "bash", "time", "file", "perf", "ffmpeg", "postgres", "nvcc"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char why[64];
        cr_assert(skips((char *const[]){names[i], NULL}, NULL, why, sizeof why), "%s", names[i]);
        cr_assert_not(skips((char *const[]){"python3", names[i], NULL}, NULL, why, sizeof why), "script %s", names[i]);
        cr_assert_not(skips((char *const[]){"python3", "-m", names[i], NULL}, NULL, why, sizeof why), "-m %s",
                      names[i]);
    }
}

static const struct {
    const char *glob, *kind;
    bool script;
} entries[] = {
#define SKIP_KIND(kind, level, text)
#define SKIP(kind, glob)        {glob, #kind, false},
#define SKIP_SCRIPT(kind, glob) {glob, #kind, true},
#include "policy/skip.def"
#undef SKIP_KIND
#undef SKIP
#undef SKIP_SCRIPT
};

Test(program, every_entry_of_the_list)
{
    for (size_t i = 0; i < COUNT(entries); i++) {
        char name[64], why[64];
        size_t stem = strcspn(entries[i].glob, "*");
        snprintf(name, sizeof name, "%.*s%s", (int)stem, entries[i].glob, entries[i].glob[stem] ? "x1" : "");
        cr_assert(!strpbrk(entries[i].glob, "?]\\") && strlen(entries[i].glob + stem) < 2,
                  "%s: the list knows only a \"*\" at the end", entries[i].glob);
        cr_assert(skips((char *const[]){name, NULL}, NULL, why, sizeof why), "%s is not skipped", name);
        cr_assert_eq(skips((char *const[]){"python3", name, NULL}, NULL, why, sizeof why), entries[i].script,
                     "%s (%s) as a script", name, entries[i].kind);
        cr_assert_not(skips((char *const[]){name, NULL}, "none", why, sizeof why), "%s with none", name);
    }
}

Test(program, no_entry_of_the_list_is_there_twice)
{
    for (size_t i = 0; i < COUNT(entries); i++)
        for (size_t k = 0; k < COUNT(entries); k++) {
            size_t stem = strcspn(entries[k].glob, "*");
            bool within = entries[k].glob[stem] ? strncmp(entries[i].glob, entries[k].glob, stem) == 0
                                                : strcmp(entries[i].glob, entries[k].glob) == 0;
            cr_expect(i == k || !within || entries[i].script > entries[k].script, "%s is in %s", entries[i].glob,
                      entries[k].glob);
        }
}

Test(program, extra_globs)
{
    static const struct {
        const char *extra;
        char *argv[4];
        const char *why;
    } rows[] = {
        {"server", {"server"}, "server (GPUWARM_SKIP)"},
        {"a,b,server", {"/opt/server"}, "server (GPUWARM_SKIP)"},
        {"serv*", {"server"}, "serv* (GPUWARM_SKIP)"},
        {"*er", {"server"}, "*er (GPUWARM_SKIP)"},
        {"?erver", {"server"}, "?erver (GPUWARM_SKIP)"},
        {"[rs]erver", {"server"}, "[rs]erver (GPUWARM_SKIP)"},
        {"\\server", {"server"}, "\\server (GPUWARM_SKIP)"},
        {",,server,", {"server"}, "server (GPUWARM_SKIP)"},
        {"train*", {"python3", "train.py"}, "train* (GPUWARM_SKIP)"},
        {"app.*", {"python3", "-m", "app.worker"}, "app.* (GPUWARM_SKIP)"},
        {"python*", {"python3", "train.py"}, "python* (GPUWARM_SKIP)"},
        {"server", {"bash"}, "bash (shell)"},
        {"*worker", {"dask-worker", "--no-nanny"}, "*worker (GPUWARM_SKIP)"},
        {"serve", {"server"}, NULL},
        {"erver", {"server"}, NULL},
        {"Server", {"server"}, NULL},
        {"train.py", {"node", "train.py"}, NULL},
        {",", {"server"}, NULL},
        {"", {"server"}, NULL},
        {"", {""}, NULL},
        {",", {""}, NULL},
        {"nonesuch", {"none"}, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char why[64] = "";
        bool skipped = skips(rows[i].argv, rows[i].extra, why, sizeof why);
        cr_assert_eq(skipped, rows[i].why != NULL, "%s on %s: \"%s\"", rows[i].extra, rows[i].argv[0], why);
        if (rows[i].why)
            cr_assert_str_eq(why, rows[i].why, "%s on %s: \"%s\"", rows[i].extra, rows[i].argv[0], why);
    }
}

Test(program, none_empties_the_list)
{
    char why[64];
    cr_assert_not(skips((char *const[]){"bash", NULL}, "none", why, sizeof why));
    cr_assert_not(skips((char *const[]){"python3", "-m", "vllm", NULL}, "none", why, sizeof why));
    cr_assert_not(skips((char *const[]){"none", NULL}, "none", why, sizeof why), "none is no glob");
    cr_assert(skips((char *const[]){"bash", NULL}, "nonesuch", why, sizeof why), "only the word itself");
}

/* A glob of any length in GPUWARM_SKIP, and a reason that is longer than the room for it. */
Test(program, long_globs)
{
    char extra[400], why[16];
    memset(extra, 'x', sizeof extra);
    memcpy(extra + sizeof extra - 8, ",server", sizeof ",server");
    memset(why, 'z', sizeof why);
    cr_assert(skips((char *const[]){"server", NULL}, extra, why, sizeof why - 4));
    cr_assert_str_eq(why, "server (GPU");
    cr_assert_eq(memcmp(why + sizeof why - 4, "zzzz", 4), 0, "written behind its end");
}

Test(program, blanks_around_globs_do_not_count)
{
    char why[64];
    char *const server[] = {"server", NULL};
    cr_expect(skips(server, "other , server ,x", why, sizeof why));
    cr_expect_str_eq(why, "server (GPUWARM_SKIP)");
    cr_expect(skips(server, " serv* ", why, sizeof why));
    cr_expect_not(skips(server, " , ,", why, sizeof why));
}

Test(program, asked_for_its_version_or_help)
{
    static const char *const yes[] = {"--version", "--help", "-h", "-V"};
    static const char *const no[] = {"", "-", "--", "-v", "--versio", "--version=1", "--helpful", "-hV", "version"};
    for (size_t i = 0; i < COUNT(yes); i++)
        cr_expect(program_asks_only(2, (char *const[]){"program", (char *)yes[i], NULL}), "%s", yes[i]);
    for (size_t i = 0; i < COUNT(no); i++)
        cr_expect_not(program_asks_only(2, (char *const[]){"program", (char *)no[i], NULL}), "%s", no[i]);
    cr_expect_not(program_asks_only(1, (char *const[]){"program", NULL}));
    cr_expect_not(program_asks_only(0, (char *const[]){NULL}));
    cr_expect_not(program_asks_only(3, (char *const[]){"program", "-h", "-V", NULL}));
}
