/* SPDX-License-Identifier: MIT */
/*
 * `make bench`: what the library adds to the driver's own time. Runs processes in turn, many times, and prints the
 * median and range of their wall-clock time from start to end. On the simulated driver with no latencies, so that
 * what is left is the library's work. Prints; judges nothing.
 *
 *     load BUILD-FOLDER [ROUNDS]
 */
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum { ROUNDS = 300, ROUNDS_MAX = 5000, CASES = 6 };

struct measured {
    const char *name;
    const char *program; /* in the build folder, or an absolute path */
    const char *preload; /* in the build folder; NULL: none */
    double times[ROUNDS_MAX];
};

static struct measured measured[CASES] = {
    {"idle program", "bench/idle", NULL, {0}},
    {"  bare driver calls", "bench/bare", NULL, {0}},
    {"  libgpuwarm, warmed", "bench/idle", "libgpuwarm.so", {0}},
    {"/bin/true", "/bin/true", NULL, {0}},
    {"  libgpuwarm (skipped)", "/bin/true", "libgpuwarm.so", {0}},
    {"/bin/true again", "/bin/true", NULL, {0}},
};

static char build[PATH_MAX];

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double run_once(const struct measured *what)
{
    static char path[PATH_MAX + 64], library[PATH_MAX + 64], preload[PATH_MAX + 64], home[] = "HOME=/nonexistent";
    char *argv[] = {path, NULL}, *environment[] = {library, home, what->preload ? preload : NULL, NULL};
    int status = -1;
    pid_t program;
    snprintf(path, sizeof path, "%s%s%s", what->program[0] == '/' ? "" : build, what->program[0] == '/' ? "" : "/",
             what->program);
    snprintf(library, sizeof library, "LD_LIBRARY_PATH=%s/simcuda", build);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s/%s", build, what->preload ? what->preload : "");
    double start = now_us();
    if (posix_spawn(&program, path, NULL, NULL, argv, environment) != 0 || waitpid(program, &status, 0) < 0 || status) {
        fprintf(stderr, "bench: %s did not run\n", path);
        exit(1);
    }
    return now_us() - start;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : ROUNDS;
    if (argc < 2 || !realpath(argv[1], build) || rounds < 10 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: load BUILD-FOLDER [ROUNDS]\n");
        return 2;
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < CASES; i++)
            measured[i].times[round] = run_once(&measured[i]);
    printf("Whole processes on the SIMULATED driver without latencies, %d runs each in turn, microseconds:\n\n",
           rounds);
    printf("  %-24s %10s %10s %10s\n", "", "median", "10th %", "90th %");
    for (int i = 0; i < CASES; i++) {
        qsort(measured[i].times, (size_t)rounds, sizeof(double), compare);
        printf("  %-24s %10.0f %10.0f %10.0f\n", measured[i].name, measured[i].times[rounds / 2],
               measured[i].times[rounds / 10], measured[i].times[rounds * 9 / 10]);
    }
    double median[CASES];
    for (int i = 0; i < CASES; i++)
        median[i] = measured[i].times[rounds / 2];
    printf("\n  The warm-up costs %+.0f us beyond the same driver calls in a bare program (goal: at most +300).\n",
           median[2] - median[1]);
    printf("  A skipped program costs %+.0f us.\n", median[4] - (median[3] + median[5]) / 2);
    return 0;
}
