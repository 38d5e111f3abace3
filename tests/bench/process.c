/* SPDX-License-Identifier: MIT */
/* See process.h. */
#include "process.h"
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void path_format(const char *build, const char *name, const char *before, char *text, size_t size)
{
    bool absolute = name && name[0] == '/';
    snprintf(text, size, "%s%s%s%s", before, absolute ? "" : build, absolute ? "" : "/", name ? name : "");
}

static double run_once(const char *build, const struct measured *what)
{
    static char path[2 * PATH_MAX], library[2 * PATH_MAX], preload[2 * PATH_MAX], home[] = "HOME=/nonexistent";
    char *argv[] = {path, NULL}, *environment[] = {library, home, what->preload ? preload : NULL, NULL};
    int status = -1;
    pid_t program;
    path_format(build, what->program, "", path, sizeof path);
    path_format(build, "simcuda", "LD_LIBRARY_PATH=", library, sizeof library);
    path_format(build, what->preload, "LD_PRELOAD=", preload, sizeof preload);
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

void process_measure(const char *build, struct measured *measured, int count, int rounds)
{
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++)
            measured[i].times[round] = run_once(build, &measured[i]);
    for (int i = 0; i < count; i++)
        qsort(measured[i].times, (size_t)rounds, sizeof(double), compare);
}

long process_instructions(const char *build, const struct measured *measured)
{
    static char path[2 * PATH_MAX], preload[2 * PATH_MAX], command[5 * PATH_MAX], line[512];
    path_format(build, measured->program, "", path, sizeof path);
    path_format(build, measured->preload, "LD_PRELOAD=", preload, sizeof preload);
    snprintf(command, sizeof command,
             "env -i PATH=\"$PATH\" '%s' valgrind --tool=callgrind --callgrind-out-file=/dev/null '%s' 2>&1",
             measured->preload ? preload : "HOME=/nonexistent", path);
    FILE *output = popen(command, "r");
    long instructions = 0;
    while (output && fgets(line, sizeof line, output)) {
        const char *collected = strstr(line, "Collected : ");
        if (collected)
            instructions = strtol(collected + 12, NULL, 10);
    }
    return output && pclose(output) == 0 ? instructions : 0;
}

double process_tenth(const struct measured *measured, int rounds, int nth)
{
    return measured->times[rounds * nth / 10];
}

int process_arguments(int argc, char **argv, int rounds, char build[4096])
{
    if (argc > 2)
        rounds = atoi(argv[2]);
    if (argc < 2 || !realpath(argv[1], build) || rounds < 10 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: %s BUILD-FOLDER [ROUNDS]\n", argv[0]);
        exit(2);
    }
    return rounds;
}
