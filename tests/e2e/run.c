/* SPDX-License-Identifier: MIT */
/* See run.h. */
#include "run.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 60000, ENVIRONMENT_MAX = 64 };

static char scratch[] = "/tmp/gpuwarm-test-XXXXXX";
/* Made for the first test that asks. /tmp may be in memory, as on Debian 13; /var/tmp has to outlive a boot. */
static char on_disk[] = "/var/tmp/gpuwarm-test-XXXXXX";
static bool has_on_disk;

void run_setup(void)
{
    cr_assert_not_null(mkdtemp(scratch));
    cr_assert_eq(mkdir(run_scratch("home"), 0700), 0);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

void run_teardown(void)
{
    nftw(scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    if (has_on_disk)
        nftw(on_disk, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *run_build(const char *name)
{
    const char *build = getenv("GPUWARM_TEST_BUILD");
    char *path = realpath(build ? build : "build", NULL);
    cr_assert_not_null(path, "no build folder");
    return run_env("%s/%s", path, name);
}

const char *run_host(const char *name)
{
    return run_env("%s%s", run_build("tests/hosts/"), name);
}

const char *run_scratch(const char *name)
{
    return run_env("%s/%s", scratch, name);
}

const char *run_on_disk(const char *name)
{
    has_on_disk = has_on_disk || mkdtemp(on_disk);
    return has_on_disk ? run_env("%s/%s", on_disk, name) : run_scratch(name);
}

void run_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    cr_assert(fputs(text, file) >= 0);
    fclose(file);
}

const char *run_env(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    cr_assert(length >= 0);
    return text;
}

/* closefrom, which glibc before 2.34 lacks. */
void run_close_from(int fd)
{
    for (; fd < 1024; fd++)
        close(fd);
}

/* Where this program's own loader was mapped from. */
const char *run_loader(void)
{
    Dl_info loader;
    cr_assert_neq(dladdr((void *)getauxval(AT_BASE), &loader), 0); /* NOLINT(performance-no-int-to-ptr) */
    return loader.dli_fname;
}

bool run_emulated(void)
{
    return getenv("GPUWARM_TEST_EMULATED") != NULL;
}

static void environment_set(const char **environment, const char *entry)
{
    size_t name = strcspn(entry, "=") + 1;
    int i = 0;
    while (environment[i] && strncmp(environment[i], entry, name) != 0)
        i++;
    cr_assert_lt(i, ENVIRONMENT_MAX);
    environment[i] = entry;
}

void run_exec(enum preload preload, const char *const *argv, const char *const *extra, int out, int err)
{
    const char *environment[ENVIRONMENT_MAX + 1] = {0};
    environment_set(environment, "PATH=/usr/local/bin:/usr/bin:/bin");
    environment_set(environment, run_env("HOME=%s", run_scratch("home")));
    environment_set(environment, run_env("LD_LIBRARY_PATH=%s", run_build("simcuda")));
    environment_set(environment, run_env("SIMCUDA_JOURNAL=%s", run_scratch("journal")));
    if (preload == PRELOADED)
        environment_set(environment, run_env("LD_PRELOAD=%s", run_build("libgpuwarm.so")));
    for (; extra && *extra; extra++)
        environment_set(environment, *extra);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(out, 1);
    dup2(err, 2);
    run_close_from(3);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    execve(argv[0], (char *const *)argv, (char *const *)environment);
    perror(argv[0]);
    _exit(127);
}

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Reads both pipes until the program and all that inherited them have closed them, or the time is up. */
static bool read_both(int out, int err, struct run *run)
{
    struct pollfd ends[2] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
    char *texts[2] = {run->out, run->err};
    size_t used[2] = {0, 0}, size = sizeof run->out;
    long long until = now_ms() + WAIT_MS;
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        if (now_ms() > until || poll(ends, 2, (int)(until - now_ms())) == 0)
            return false;
        for (int i = 0; i < 2; i++) {
            if (ends[i].fd < 0 || !ends[i].revents)
                continue;
            char dropped[4096];
            bool full = used[i] == size - 1;
            ssize_t got =
                read(ends[i].fd, full ? dropped : texts[i] + used[i], full ? sizeof dropped : size - 1 - used[i]);
            if (got <= 0)
                ends[i].fd = -1;
            else if (!full)
                used[i] += (size_t)got;
        }
    }
    return true;
}

struct run run_program(enum preload preload, const char *const *argv, const char *const *environment)
{
    struct run run = {.status = -1};
    int out[2], err[2], status;
    cr_assert(pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0);
    pid_t program = fork();
    cr_assert_geq(program, 0);
    if (program == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* who interrupts the tests no longer reaches its group */
        run_exec(preload, argv, environment, out[1], err[1]);
    }
    setpgid(program, program);
    close(out[1]);
    close(err[1]);
    bool ended = read_both(out[0], err[0], &run);
    if (!ended)
        kill(-program, SIGKILL); /* and what it has started */
    waitpid(program, &status, 0);
    close(out[0]);
    close(err[0]);
    if (ended)
        run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return run;
}

const char *const *run_ways(void)
{
    static const char *const all[] = {"accept", "accept4", "poll",  "poll_chk",    "ppoll",       "ppoll_chk",
                                      "select", "pselect", "epoll", "epoll_pwait", "epoll_pwait2"};
    enum { LACKING = 3 };
    const char **ways = calloc(sizeof all / sizeof *all + 1, sizeof *ways);
    cr_assert_not_null(ways);
    for (size_t i = 0, count = 0; i < sizeof all / sizeof *all; i++)
        if (run_program(PLAIN, LIST(run_host("serves"), all[i]), NULL).status != LACKING)
            ways[count++] = all[i];
    return ways;
}

void journal_clear(void)
{
    unlink(run_scratch("journal"));
}

struct journal *journal_read(void)
{
    struct journal *journal = calloc(1, sizeof *journal);
    cr_assert_not_null(journal);
    FILE *file = fopen(run_scratch("journal"), "r");
    char text[1024];
    while (file && fgets(text, sizeof text, file)) {
        struct journal_line *line = &journal->lines[journal->count++];
        int end = 0;
        int fields = sscanf(text, "%lld\t%d\t%d\t%63[^\t]\t%d\t%lld\t%n", &line->start_ns, &line->pid, &line->tid,
                            line->function, &line->result, &line->duration_ns, &end);
        cr_assert_eq(fields, 6, "a journal line has six fields and a detail: %s", text);
        snprintf(line->detail, sizeof line->detail, "%s", text + end);
        line->detail[strcspn(line->detail, "\n")] = '\0';
        cr_assert_lt(journal->count, sizeof journal->lines / sizeof *journal->lines);
    }
    if (file)
        fclose(file);
    return journal;
}

size_t journal_calls(const struct journal *journal, const char *function, const char *detail)
{
    size_t calls = 0;
    for (size_t i = 0; i < journal->count; i++)
        calls += strcmp(journal->lines[i].function, function) == 0 &&
                 (!detail || strstr(journal->lines[i].detail, detail) != NULL);
    return calls;
}

cJSON *report_read(const char *path)
{
    char text[131072];
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return cJSON_Parse(text);
}

const char *report_text(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    cr_assert_not_null(item, "no \"%s\" in the report", key);
    return cJSON_IsNull(item) ? "null" : cJSON_IsString(item) ? item->valuestring : "(no string)";
}

double report_number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    cr_assert(cJSON_IsNumber(item), "no number \"%s\" in the report", key);
    return item->valuedouble;
}

const cJSON *report_device(const cJSON *report, int index)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(report, "devices"), index);
}

const cJSON *report_stage(const cJSON *device, const char *name)
{
    const cJSON *stage;
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(device, "stages")) if (strcmp(report_text(stage, "name"),
                                                                                             name) == 0) return stage;
    return NULL;
}

int line_count(const char *text)
{
    int count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}
