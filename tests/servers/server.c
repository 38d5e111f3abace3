/* SPDX-License-Identifier: MIT */
/* See server.h. */
#include "server.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STOP_MS = 60000, IDLE_MS = 30000, WORDS_MAX = 48, PORT_FIRST = 20000, PORTS = 12000 };

/* The process group of the server that runs, or 0. */
static pid_t running;

/*
 * A port that nothing listens on, below those that the system gives out. Tests run beside each other, each in a process
 * of its own: they begin to look at different ports.
 */
static int port_free(void)
{
    for (int i = 0; i < PORTS; i++) {
        int port = PORT_FIRST + (getpid() * 7 + i) % PORTS, on = 1;
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        bool is_free = bind(probe, (const struct sockaddr *)&address, sizeof address) == 0 && listen(probe, 1) == 0;
        close(probe);
        if (is_free)
            return port;
    }
    cr_assert_fail("no free port");
    return -1;
}

/* `word` with what is in braces replaced by what it stands for. */
static const char *word_fill(const char *word, int port)
{
    const char *const names[] = {"{port}", "{build}", "{scratch}"};
    const char *const values[] = {run_env("%d", port), run_build("."), run_scratch(".")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (const char *at; (at = strstr(word, names[i])) != NULL;)
            word = run_env("%.*s%s%s", (int)(at - word), word, values[i], at + strlen(names[i]));
    return word;
}

static const char **words_add(const char **words, const char *const *more, int port)
{
    size_t count = 0;
    while (words[count])
        count++;
    for (; more && *more; more++) {
        cr_assert_lt(count, (size_t)WORDS_MAX);
        words[count++] = word_fill(*more, port);
    }
    return words;
}

static const char *const *environment_make(const struct server *server, const char *preload,
                                           const char *const *environment, int port)
{
    const char **words = calloc(WORDS_MAX + 1, sizeof *words);
    cr_assert_not_null(words);
    /* A context takes time, so that the first connection comes while a worker is being warmed; and no program writes
     * beside its source. */
    words_add(words,
              LIST("SIMCUDA_LATENCY_MS=cuDevicePrimaryCtxRetain=150", "PYTHONDONTWRITEBYTECODE=1",
                   "PYTHONPATH=tests/servers", "GPUWARM_REPORT={scratch}/report-%p", "WITNESS={scratch}/accepted",
                   "LANG=C.UTF-8"),
              port);
    words_add(words, server->environment, port);
    words_add(words, environment, port);
    return preload ? words_add(words, LIST(run_env("LD_PRELOAD=%s", preload)), port) : words;
}

static pid_t program_start(const char *const *command, const char *const *environment)
{
    int out = open(run_scratch("out"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int err = open(run_scratch("err"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    cr_assert(out >= 0 && err >= 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t program = fork();
    cr_assert_geq(program, 0);
    if (program == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run_exec(PLAIN, command, environment, out, err);
    }
    setpgid(program, program);
    close(out);
    close(err);
    return program;
}

/* Waits for one process, or with -group for all of a group. -1: not in time. */
static int wait_bounded(pid_t who)
{
    int status = -1, got = -1;
    for (int waited = 0; waited < STOP_MS; waited += 5) {
        pid_t ended = waitpid(who, &got, WNOHANG);
        if (ended < 0)
            return status;
        if (ended > 0)
            status = WIFEXITED(got) ? WEXITSTATUS(got) : 128 + WTERMSIG(got);
        if (ended == who)
            return status;
        if (ended == 0)
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return -1;
}

/* The started process first, as its supervisor would; then what that has left behind. */
static int program_stop(pid_t program)
{
    kill(program, SIGTERM);
    int status = wait_bounded(program);
    kill(-program, status == -1 ? SIGKILL : SIGTERM);
    wait_bounded(-program);
    kill(-program, SIGKILL);
    wait_bounded(-program);
    return status;
}

void server_teardown(void)
{
    if (running > 0)
        kill(-running, SIGKILL);
    run_teardown();
}

static void file_read(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    text[file ? fread(text, 1, size - 1, file) : 0] = '\0';
    if (file)
        fclose(file);
}

bool served_enough(const struct served *served)
{
    return served->count >= ANSWERS_LEAST && served->pid_count >= served->server->workers;
}

bool served_add(struct served *served, const char *text)
{
    struct answer *answer = &served->answers[served->count];
    if (served->count == ANSWERS_MAX ||
        sscanf(text, "%d %lld %511[^\n]", &answer->pid, &answer->began_ns, answer->text) != 3) {
        snprintf(served->problem, sizeof served->problem, "answer %d: %.400s", served->count, text);
        return false;
    }
    served->count++;
    for (int i = 0; i < served->pid_count; i++)
        if (served->pids[i] == answer->pid)
            return true;
    if (served->pid_count < WORKERS_MAX)
        served->pids[served->pid_count++] = answer->pid;
    return true;
}

/* A client of the server's own kind. */
static void ask_program(struct served *served, const char *const *client, int port)
{
    const char *words[WORDS_MAX + 1] = {NULL};
    struct run run =
        run_program(PLAIN, words_add(words, client, port), environment_make(served->server, NULL, NULL, port));
    for (char *line = run.out; *line && served_add(served, line);)
        line += strcspn(line, "\n") + (strchr(line, '\n') != NULL);
    if (run.status != 0)
        snprintf(served->problem, sizeof served->problem, "the client: %d, %.400s", run.status, run.err);
}

static void ask(struct served *served, int port)
{
    if (served->server->client)
        ask_program(served, served->server->client, port);
    else
        ask_http(served, port, running);
}

static void collect(struct served *served)
{
    char line[64];
    FILE *file = fopen(run_scratch("accepted"), "r");
    for (int i = 0; file && i < ANSWERS_MAX * 2 && fgets(line, sizeof line, file); i++)
        served->accepted_count += sscanf(line, "%d %lld", &served->accepted[i].pid, &served->accepted[i].at_ns) == 2;
    if (file)
        fclose(file);
    file_read(run_scratch("out"), served->out, sizeof served->out);
    file_read(run_scratch("err"), served->err, sizeof served->err);
    served->journal = journal_read();
}

/* A server that is warmed by its first connection is late: so nobody connects. */
static void idle_until_warm(struct served *served)
{
    for (int waited = 0; waited < IDLE_MS; waited += 20) {
        struct journal *journal = journal_read();
        size_t warm = journal_calls(journal, "cuMemFreeHost", NULL);
        free(journal);
        if (warm >= (size_t)served->server->workers)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    snprintf(served->problem, sizeof served->problem, "not warm before anybody connected");
}

struct served *server_run(const struct server *server, const char *preload, const char *const *environment, bool idle)
{
    struct served *served = calloc(1, sizeof *served);
    const char *words[WORDS_MAX + 1] = {NULL};
    int port = port_free();
    cr_assert_not_null(served);
    served->server = server;
    journal_clear();
    remove(run_scratch("accepted"));
    running =
        program_start(words_add(words, server->command, port), environment_make(server, preload, environment, port));
    if (idle)
        idle_until_warm(served);
    if (!served->problem[0])
        ask(served, port);
    served->status = program_stop(running);
    running = 0;
    collect(served);
    return served;
}
