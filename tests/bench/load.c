/* SPDX-License-Identifier: MIT */
/*
 * `make bench`: what a warm-up adds to the driver's own time, as whole processes on the simulated driver with no
 * latencies, so that what is left is the library's work. Prints; judges nothing.
 *
 *     load BUILD-FOLDER [ROUNDS]
 */
#include "process.h"
#include <stdio.h>

enum { CASES = 3, ROUNDS = 300 };

static struct measured measured[CASES] = {
    {"a program that does nothing", "bench/idle", NULL, {0}},
    {"  the driver calls, bare", "bench/bare", NULL, {0}},
    {"  libgpuwarm, warmed", "bench/idle", "libgpuwarm.so", {0}},
};

int main(int argc, char **argv)
{
    char build[4096];
    int rounds = process_arguments(argc, argv, ROUNDS, build);
    process_measure(build, measured, CASES, rounds);
    printf("A warm-up on the SIMULATED driver without latencies, %d whole processes each in turn, microseconds:\n\n",
           rounds);
    printf("  %-30s %8s %8s %8s\n", "", "median", "10th %", "90th %");
    for (int i = 0; i < CASES; i++)
        printf("  %-30s %8.0f %8.0f %8.0f\n", measured[i].name, process_tenth(&measured[i], rounds, 5),
               process_tenth(&measured[i], rounds, 1), process_tenth(&measured[i], rounds, 9));
    printf("\n  It costs %+.0f us beyond the same driver calls in a bare program (goal: at most +300).\n",
           process_tenth(&measured[2], rounds, 5) - process_tenth(&measured[1], rounds, 5));
    return 0;
}
