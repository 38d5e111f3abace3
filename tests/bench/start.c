/* SPDX-License-Identifier: MIT */
/*
 * `make bench`: what the library costs a program that is not warmed, which is most of a process tree: /bin/true, which
 * is on the skip list, and a program that is looked at first. In instructions (callgrind: the same at each run) and in
 * microseconds (whole processes in turn), beside an empty library and libeatmydata, a small preload library that many
 * people use. Prints; judges nothing.
 *
 *     start BUILD-FOLDER [ROUNDS]
 */
#include "process.h"
#include <stdio.h>
#include <unistd.h>

enum { NOTHING, EMPTY, OURS, EATMYDATA, PLAIN, LOOKED_AT, CASES, ROUNDS = 500 };

static struct measured measured[CASES] = {
    [NOTHING] = {"/bin/true", "/bin/true", NULL, {0}},
    [EMPTY] = {"  an empty library", "/bin/true", "bench/libempty.so", {0}},
    [OURS] = {"  libgpuwarm (skipped)", "/bin/true", "libgpuwarm.so", {0}},
    [EATMYDATA] = {"  libeatmydata", "/bin/true", NULL, {0}},
    [PLAIN] = {"another program", "bench/nothing", NULL, {0}},
    [LOOKED_AT] = {"  libgpuwarm (looked at)", "bench/nothing", "libgpuwarm.so", {0}},
};

/* Where Debian, Fedora and Arch have it. */
static const char *eatmydata(void)
{
    static const char *const places[] = {"/usr/lib/x86_64-linux-gnu/libeatmydata.so.1",
                                         "/usr/lib/aarch64-linux-gnu/libeatmydata.so.1", "/usr/lib64/libeatmydata.so.1",
                                         "/usr/lib/libeatmydata.so"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}

int main(int argc, char **argv)
{
    char build[4096];
    int rounds = process_arguments(argc, argv, ROUNDS, build);
    long instructions[CASES];
    measured[EATMYDATA].preload = eatmydata();
    process_measure(build, measured, CASES, rounds);
    for (int i = 0; i < CASES; i++)
        instructions[i] = process_instructions(build, &measured[i]);
    printf("\nA program that is not warmed; instructions by callgrind%s, %d whole processes each in turn:\n\n",
           instructions[NOTHING] ? "" : " (valgrind is not installed)", rounds);
    printf("  %-26s %12s %8s %8s %8s %8s\n", "", "instructions", "added", "us", "10th %", "90th %");
    for (int i = 0; i < CASES; i++) {
        int bare = i < PLAIN ? NOTHING : PLAIN;
        if (i == EATMYDATA && !measured[i].preload) {
            printf("  %-26s %12s\n", measured[i].name, "not installed");
            continue;
        }
        char added[24] = "";
        if (i != bare)
            snprintf(added, sizeof added, "%+ld", instructions[i] - instructions[bare]);
        printf("  %-26s %12ld %8s %8.0f %8.0f %8.0f\n", measured[i].name, instructions[i], added,
               process_tenth(&measured[i], rounds, 5), process_tenth(&measured[i], rounds, 1),
               process_tenth(&measured[i], rounds, 9));
    }
    long empty = instructions[EMPTY] - instructions[NOTHING], ours = instructions[OURS] - instructions[NOTHING];
    if (empty > 0)
        printf("\n  A skipped program costs %.2f times what an empty library adds (goal: at most 1.50).\n",
               (double)ours / (double)empty);
    return 0;
}
