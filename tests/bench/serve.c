/* SPDX-License-Identifier: MIT */
/*
 * `make bench`: what a server under load loses to the library: answers per second of a small epoll server
 * (tests/bench/epolls.c) with and without it, both at once on the loopback interface and asked in turn, a b b a, so
 * that what else the machine does meets both. And what the server's own processor time for an answer is, which other
 * programs disturb less. Prints; judges nothing.
 *
 *     serve BUILD-FOLDER [PAIRS]
 */
#include "ask.h"
#include "process.h"
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Many short turns: what else the machine does changes slowly against them. */
enum { PAIRS = 60, PAIRS_MAX = 1000, ASK_MS = 70 };

static const struct state {
    const char *name, *word, *setting;
} states[] = {
    {"no CUDA: undecided for ever", NULL, NULL},
    {"CUDA, on a side thread: undecided", "thread", NULL},
    {"CUDA, warmed: decided", "cuda", NULL},
    {"skipped", NULL, "GPUWARM_SKIP=epolls"},
};

struct server {
    pid_t pid;
    int port;
    double rates[PAIRS_MAX], microseconds[PAIRS_MAX];
};

static void become(const char *build, const struct state *state, bool preloaded)
{
    static char path[2 * PATH_MAX], library[2 * PATH_MAX], preload[2 * PATH_MAX], home[] = "HOME=/nonexistent";
    char *argv[4] = {path}, *environment[5] = {library, home};
    snprintf(path, sizeof path, "%s/bench/epolls", build);
    snprintf(library, sizeof library, "LD_LIBRARY_PATH=%s/simcuda", build);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s/libgpuwarm.so", build);
    if (state->word)
        argv[1] = strdup(state->word);
    if (state->word && strcmp(state->word, "cuda") != 0)
        argv[2] = strdup("cuda");
    if (preloaded)
        environment[2] = preload;
    if (preloaded && state->setting)
        environment[3] = strdup(state->setting);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execve(path, argv, environment);
    _exit(127);
}

static void server_start(struct server *server, const char *build, const struct state *state, bool preloaded)
{
    int out[2];
    char text[16] = "";
    if (pipe(out) != 0 || (server->pid = fork()) < 0)
        exit(1);
    if (server->pid == 0) {
        dup2(out[1], 1);
        close(out[0]);
        close(out[1]);
        become(build, state, preloaded);
    }
    close(out[1]);
    server->port = read(out[0], text, sizeof text - 1) > 0 ? (int)strtol(text, NULL, 10) : 0;
    close(out[0]);
}

/* Processor time that it has used, in microseconds. */
static double processor_us(pid_t pid)
{
    clockid_t clock;
    struct timespec used = {0, 0};
    if (clock_getcpuclockid(pid, &clock) == 0)
        clock_gettime(clock, &used);
    return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

static void ask_once(struct server *server, enum ask how, int i)
{
    double before = processor_us(server->pid);
    server->rates[i] = server->port ? ask(server->port, how, ASK_MS) : -1;
    if (server->rates[i] < 0) {
        fprintf(stderr, "bench: the epoll server does not answer\n");
        exit(1);
    }
    server->microseconds[i] = (processor_us(server->pid) - before) / (server->rates[i] * ASK_MS / 1e3);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sort(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
}

/* Where the median lies with a certainty of 95 %: so many places to both sides of the middle (binomial distribution).
 */
static int places(int count)
{
    int places = 0;
    while (places * places < count)
        places++;
    return places < count / 2 ? places : count / 2;
}

static void show(const char *name, struct server *servers, int pairs)
{
    double ratios[PAIRS_MAX] = {0};
    int middle = pairs / 2, off = places(pairs);
    for (int i = 0; i < pairs; i++)
        ratios[i] = servers[1].rates[i] / servers[0].rates[i];
    sort(ratios, pairs);
    for (int i = 0; i < 2; i++) {
        sort(servers[i].rates, pairs);
        sort(servers[i].microseconds, pairs);
    }
    printf("  %-34s %8.0f %8.0f  %5.3f  %5.3f to %5.3f  %6.2f %6.2f\n", name, servers[0].rates[middle],
           servers[1].rates[middle], servers[1].rates[middle] / servers[0].rates[middle], ratios[middle - off],
           ratios[middle + off - 1], servers[0].microseconds[middle], servers[1].microseconds[middle]);
}

static void measure(const char *build, const struct state *state, enum ask how, int pairs)
{
    static struct server servers[2];
    for (int i = 0; i < 2; i++) {
        server_start(&servers[i], build, state, i == 1);
        ask_once(&servers[i], how, 0);
    }
    for (int i = 0; i < pairs; i++)
        for (int turn = 0; turn < 2; turn++)
            ask_once(&servers[(i + turn) % 2], how, i);
    for (int i = 0; i < 2; i++) {
        kill(servers[i].pid, SIGKILL);
        waitpid(servers[i].pid, NULL, 0);
    }
    show(state->name, servers, pairs);
}

int main(int argc, char **argv)
{
    char build[4096];
    int pairs = process_arguments(argc, argv, PAIRS, build);
    if (pairs > PAIRS_MAX)
        return 2;
    printf("\nAn epoll server under load, 16 connections, %d turns of %d ms with and without the library: answers per\n"
           "second, the ratio of the medians (goal: at least 0.98), where the median of the turns' ratios lies with\n"
           "95 %% certainty, and the server's processor time for an answer in microseconds, without and with:\n\n",
           pairs, ASK_MS);
    for (enum ask how = ASK_AGAIN; how <= ASK_ANEW; how++) {
        printf("  %-34s %8s %8s  %5s  %14s  %6s %6s\n",
               how == ASK_AGAIN ? "the same connections again" : "a new connection each time", "without", "with",
               "ratio", "95 %", "us", "us");
        for (size_t i = 0; i < sizeof states / sizeof *states; i++)
            measure(build, &states[i], how, pairs);
    }
    return 0;
}
