/* SPDX-License-Identifier: MIT */
/*
 * What a client in C or CUDA C shares: it does the same piece of GPU work a number of times and says when. Nothing is
 * printed before the last call, so that no write lies between calls that are timed. The lines, on stdout, with
 * CLOCK_MONOTONIC in nanoseconds (gpuclient.py prints the same ones):
 *
 *     gpuclient main NS               the program's own code begins
 *     gpuclient setup BEGIN END       the first use of the GPU, where that is not the first call (a model is moved)
 *     gpuclient call BEGIN END        the first call, then the others
 *     gpuclient value NAME TEXT       an outcome that must be the same with the library
 *     gpuclient version NAME TEXT     of a library that it uses
 *     gpuclient skip REASON           it cannot run here; exit status 77
 */
#ifndef GPU_CLIENT_H
#define GPU_CLIENT_H

#include <stdio.h>
#include <time.h>

enum { CLIENT_CALLS = 21, CLIENT_NUMBERS = 1 << 18 };

static inline long long client_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

/*
 * Calls `work` CLIENT_CALLS times on numbers 0, 1, 2..., which it must double in place, and prints. Gives the exit
 * status: 0, or 1 when a call failed (`work` has said why).
 */
static inline int client_run(int (*work)(float *numbers, int count))
{
    static float numbers[CLIENT_NUMBERS];
    static long long begins[CLIENT_CALLS], ends[CLIENT_CALLS];
    long long start = client_now();
    int doubled = 1;
    for (int call = 0; call < CLIENT_CALLS; call++) {
        for (int i = 0; i < CLIENT_NUMBERS; i++)
            numbers[i] = (float)i;
        begins[call] = client_now();
        if (work(numbers, CLIENT_NUMBERS))
            return 1;
        ends[call] = client_now();
        for (int i = 0; i < CLIENT_NUMBERS; i++)
            doubled = doubled && numbers[i] == 2 * (float)i;
    }
    printf("gpuclient main %lld\n", start);
    for (int call = 0; call < CLIENT_CALLS; call++)
        printf("gpuclient call %lld %lld\n", begins[call], ends[call]);
    printf("gpuclient value doubled %s\n", doubled ? "yes" : "no");
    return 0;
}

#endif
