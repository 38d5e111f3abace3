/* SPDX-License-Identifier: MIT */
/* What the benchmarks of whole processes share: running one, and the median and range of many. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

enum { ROUNDS_MAX = 5000 };

struct measured {
    const char *name;
    const char *program;      /* in the build folder, or an absolute path */
    const char *preload;      /* the same, of a library; NULL: none */
    double times[ROUNDS_MAX]; /* microseconds from start to end; sorted by process_measure */
};

/*
 * Runs each of the programs once a round, in turn, with an environment of nothing but the simulated driver. The exit
 * status is 0, or the benchmark ends with a message.
 */
void process_measure(const char *build, struct measured *measured, int count, int rounds);

/* How many instructions the process executes in user space (callgrind); 0 when valgrind is not there. */
long process_instructions(const char *build, const struct measured *measured);

/* The nth tenth of the times: 5 is the median. */
double process_tenth(const struct measured *measured, int rounds, int nth);

/* The build folder and the number of rounds from a benchmark's arguments; ends the program when they make no sense. */
int process_arguments(int argc, char **argv, int rounds, char build[4096]);

#endif
