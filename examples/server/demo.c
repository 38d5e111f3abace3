/* SPDX-License-Identifier: MIT */
/*
 * `make demo`: starts the example server cold and under libgpuwarm, in turn, sends each the same requests and shows
 * what the first user waits. Uses the machine's GPU when it has one, else the simulated driver. Exits with 1 when the
 * warm first request is not fast (more than a fifth of the cold one), or when anything did not work.
 *
 *     demo BUILD-FOLDER
 */
#include "cuda/cuda_abi.h"
#include "request.h"
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS = 3, REQUESTS = 20, WAIT_SECONDS = 120 };

/*
 * What first calls cost on real systems, where somebody published it. Everything else costs nothing here, so the
 * simulated cold start is on the fast side.
 */
#define SIMULATED_COSTS "cuInit=500,cuDevicePrimaryCtxRetain=325"
static const char cost_sources[] = "cuInit 500 ms: NVIDIA/nvtrust#113 (\"about 500ms for a normal GPU\"); "
                                   "cuDevicePrimaryCtxRetain 325 ms: rapidsai/ucx-py#402 (nvprof).";

/* What one start of the server gave, in milliseconds. */
struct run {
    double start_up, first, second, rest;
};

static char build[PATH_MAX];

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Writes the GPU's name and driver version to `out`. */
static void probe(int out)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW);
    CUresult (*init)(unsigned) = library ? (CUresult(*)(unsigned))dlsym(library, "cuInit") : NULL;
    CUresult (*version)(int *) = library ? (CUresult(*)(int *))dlsym(library, "cuDriverGetVersion") : NULL;
    CUresult (*name)(char *, int, CUdevice) =
        library ? (CUresult(*)(char *, int, CUdevice))dlsym(library, "cuDeviceGetName") : NULL;
    char text[128] = "";
    int number = 0;
    if (init && version && name && init(0) == CUDA_SUCCESS && name(text, sizeof text, 0) == CUDA_SUCCESS &&
        version(&number) == CUDA_SUCCESS)
        dprintf(out, "%s, CUDA %d.%d", text, number / 1000, number % 1000 / 10);
}

/* The GPU in words, or empty. Asked in a child, so that this process stays without CUDA. */
static void gpu_find(char *text, size_t size)
{
    int ends[2];
    ssize_t length = 0;
    text[0] = '\0';
    if (pipe(ends))
        return;
    pid_t child = fork();
    if (child == 0) {
        probe(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    if (child > 0) {
        length = read(ends[0], text, size - 1);
        waitpid(child, NULL, 0);
    }
    close(ends[0]);
    text[length > 0 ? length : 0] = '\0';
}

/* What the caller's shell has exported for other programs must not warm the cold server, nor keep the warm one cold. */
static void settings_unset(void)
{
    unsetenv("LD_PRELOAD");
    for (char **entry = environ; *entry;) {
        char name[64];
        size_t length = strcspn(*entry, "=");
        bool ours = strncmp(*entry, "GPUWARM_", 8) == 0 && length < sizeof name;
        if (ours) {
            memcpy(name, *entry, length);
            name[length] = '\0';
            unsetenv(name);
            entry = environ; /* unsetenv moves what follows */
        } else {
            entry++;
        }
    }
}

static void server_exec(int out, bool simulated, bool warm)
{
    char path[PATH_MAX + 32];
    dup2(out, STDOUT_FILENO);
    settings_unset();
    if (simulated) {
        snprintf(path, sizeof path, "%s/simcuda", build);
        setenv("LD_LIBRARY_PATH", path, 1);
        setenv("SIMCUDA_LATENCY_MS", SIMULATED_COSTS, 1);
    }
    if (warm) {
        snprintf(path, sizeof path, "%s/libgpuwarm.so", build);
        setenv("LD_PRELOAD", path, 1);
    }
    snprintf(path, sizeof path, "%s/examples/server", build);
    execl(path, "server", "0", (char *)NULL);
    perror(path);
    _exit(127);
}

/* Starts the server and waits for its line; gives the port, or 0. */
static int server_start(bool simulated, bool warm, pid_t *server)
{
    int ends[2], port = 0;
    if (pipe(ends))
        return 0;
    *server = fork();
    if (*server == 0) {
        alarm(WAIT_SECONDS); /* a server must not outlive a demo that was killed */
        close(ends[0]);
        server_exec(ends[1], simulated, warm);
    }
    close(ends[1]);
    FILE *lines = fdopen(ends[0], "r");
    if (*server < 0 || !lines || fscanf(lines, "listening on 127.0.0.1:%d", &port) != 1)
        port = 0;
    if (lines)
        fclose(lines);
    return port;
}

static bool run_requests(int port, bool simulated, struct run *run)
{
    double times[REQUESTS];
    for (int i = 0; i < REQUESTS; i++) {
        bool doubled;
        if (!request_send(port, &times[i], &doubled) || doubled == simulated) {
            fprintf(stderr, "demo: request %d: %s\n", i + 1, "no answer, or a wrong one");
            return false;
        }
    }
    run->first = times[0];
    run->second = times[1];
    run->rest = median(times + 2, REQUESTS - 2);
    return true;
}

static bool run_once(bool simulated, bool warm, struct run *run)
{
    pid_t server = -1;
    double start = now_ms();
    int port = server_start(simulated, warm, &server);
    run->start_up = now_ms() - start;
    bool good = port > 0 && run_requests(port, simulated, run);
    if (server > 0) {
        kill(server, SIGTERM);
        waitpid(server, NULL, 0);
    }
    return good;
}

static struct run median_run(const struct run *runs)
{
    double start_up[RUNS], first[RUNS], second[RUNS], rest[RUNS];
    for (int i = 0; i < RUNS; i++) {
        start_up[i] = runs[i].start_up;
        first[i] = runs[i].first;
        second[i] = runs[i].second;
        rest[i] = runs[i].rest;
    }
    return (struct run){median(start_up, RUNS), median(first, RUNS), median(second, RUNS), median(rest, RUNS)};
}

static void row(const char *name, double cold, double warm)
{
    printf("  %-22s %10.2f ms %10.2f ms\n", name, cold, warm);
}

static void bar(const char *name, double ms, double full)
{
    enum { WIDTH = 50 };
    int length = full > 0 ? (int)(ms / full * WIDTH + 0.5) : 0;
    printf("  %-6s ", name);
    for (int i = 0; i < length; i++)
        fputs("█", stdout);
    printf("%s %.2f ms\n", length ? "" : "▏", ms);
}

static void show(const struct run *cold, const struct run *warm)
{
    double full = cold->first > warm->first ? cold->first : warm->first;
    printf("\n  %-22s %13s %13s\n", "", "cold", "libgpuwarm");
    row("start-up", cold->start_up, warm->start_up);
    row("first request", cold->first, warm->first);
    row("second request", cold->second, warm->second);
    row("median of the rest", cold->rest, warm->rest);
    row("start to first answer", cold->start_up + cold->first, warm->start_up + warm->first);
    printf("\n  What the first user waits:\n");
    bar("cold", cold->first, full);
    bar("warm", warm->first, full);
    putchar('\n');
}

int main(int argc, char **argv)
{
    char gpu[160];
    struct run cold[RUNS], warm[RUNS];
    if (argc != 2 || !realpath(argv[1], build)) {
        fprintf(stderr, "usage: demo BUILD-FOLDER\n");
        return 2;
    }
    gpu_find(gpu, sizeof gpu);
    bool simulated = !gpu[0] || strstr(gpu, "Simulated");
    if (simulated)
        puts("No GPU here: all figures are SIMULATED (tests/simcuda, with first-call costs published for real "
             "systems).");
    else
        printf("On the GPU of this machine: %s.\n", gpu);
    printf("An example server, started %d times cold and %d times with LD_PRELOAD=libgpuwarm.so; %d requests each; "
           "medians.\n",
           RUNS, RUNS, REQUESTS);
    fflush(stdout);
    for (int i = 0; i < RUNS; i++)
        if (!run_once(simulated, false, &cold[i]) || !run_once(simulated, true, &warm[i])) {
            fprintf(stderr, "demo: the server did not answer\n");
            return 1;
        }
    struct run cold_median = median_run(cold), warm_median = median_run(warm);
    show(&cold_median, &warm_median);
    if (simulated)
        printf("  Simulated costs: %s\n", cost_sources);
    bool fast = warm_median.first * 5 <= cold_median.first;
    printf("  %s: the warm first request takes %.1f%% of the cold one.\n", fast ? "Good" : "NOT GOOD",
           100 * warm_median.first / cold_median.first);
    return fast ? 0 : 1;
}
