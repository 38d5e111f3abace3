/* SPDX-License-Identifier: MIT */
/*
 * Starting victim programs and looking at what they did. Every program gets a fresh environment: PATH, a HOME of its
 * own, the simulated driver, a journal, and what the test adds; only the victim is preloaded, never the test.
 */
#ifndef E2E_RUN_H
#define E2E_RUN_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* How a program ended (its exit status, 128 + signal, or -1: it did not end in time) and what it wrote. */
struct run {
    int status;
    char out[16384];
    char err[16384];
};

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

enum preload { PLAIN, PRELOADED };

/*
 * Runs argv[0] with `environment` ("NAME=value", NULL-terminated; NULL: nothing more) added to the fresh one; an entry
 * replaces the standard one of that name. It leads a process group of its own, which is ended with it when it takes
 * too long. A minute at the most, also on a machine that is busy.
 */
struct run run_program(enum preload preload, const char *const *argv, const char *const *environment);

/* In a child: becomes that program, with these descriptors as 1 and 2. */
_Noreturn void run_exec(enum preload preload, const char *const *argv, const char *const *extra, int out, int err);

/* Paths, each valid until the test ends. */
const char *run_build(const char *name);   /* in the build folder */
const char *run_host(const char *name);    /* a program of tests/hosts */
const char *run_scratch(const char *name); /* in a folder of this test's own, removed after it */
const char *run_on_disk(const char *name); /* in another such folder, not in memory where there is a disk */
void run_write(const char *path, const char *text);

/* The ways in which tests/hosts/serves waits, without those that the C library lacks; NULL-terminated. */
const char *const *run_ways(void);

/* The dynamic loader as a command. */
const char *run_loader(void);

/* Does an emulator run the programs (make test-anywhere)? What it does otherwise than Linux is not the library's. */
bool run_emulated(void);

/* Closes every descriptor from this one on. */
void run_close_from(int fd);

/* "NAME=value", valid until the test ends. */
__attribute__((format(printf, 1, 2))) const char *run_env(const char *format, ...);

/* Fixture: makes and removes the scratch folder. Use as .init and .fini of every suite. */
void run_setup(void);
void run_teardown(void);

/* The journal of the simulated driver for all programs that this test ran. */
struct journal_line {
    long long start_ns, duration_ns;
    int pid, tid, result;
    char function[64];
    char detail[256];
};
struct journal {
    size_t count;
    struct journal_line lines[8192]; /* more than ANSWERS_MAX answers of a server leave (tests/servers) */
};
struct journal *journal_read(void);
void journal_clear(void);
/* How often the function was called, with a detail that contains `detail` (NULL: any). */
size_t journal_calls(const struct journal *journal, const char *function, const char *detail);

/* A report parsed, or NULL. */
cJSON *report_read(const char *path);
const char *report_text(const cJSON *object, const char *key);
double report_number(const cJSON *object, const char *key);
/* The device with this index, and its stage of this name. */
const cJSON *report_device(const cJSON *report, int index);
const cJSON *report_stage(const cJSON *device, const char *name);

/* How many lines `text` has. */
int line_count(const char *text);

#endif
