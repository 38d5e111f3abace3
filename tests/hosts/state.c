// link: cuda
/* SPDX-License-Identifier: MIT */
/*
 * Prints everything about its process that a warm-up might change: what main finds, and what is there once the program
 * itself has initialised CUDA and retained the context, so that the driver's own descriptors and threads are there
 * with and without the library.
 */
#include "cuda/cuda_abi.h"
#include "threads.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

CUresult cuCtxGetCurrent(CUcontext *context);

static void print_signals(const char *what, const sigset_t *set)
{
    printf("%s:", what);
    for (int signal = 1; signal < 65; signal++)
        if (sigismember(set, signal) == 1)
            printf(" %d", signal);
    putchar('\n');
}

/* The numbers and kinds of open descriptors; inode numbers differ between runs. */
static void print_descriptors(void)
{
    for (int fd = 0; fd < 256; fd++) {
        char path[32], target[256] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length < 0)
            continue;
        target[strcspn(target, "[")] = '\0';
        printf("fd %d: %s\n", fd, fd > 2 ? target : "standard");
    }
}

int main(void)
{
    int seen = errno, state, type;
    sigset_t set;
    mode_t mask = umask(0);
    char cwd[4096];
    printf("errno %d, threads before %d\n", seen, threads_count());
    sigprocmask(SIG_SETMASK, NULL, &set);
    print_signals("blocked", &set);
    sigpending(&set);
    print_signals("pending", &set);
    for (int signal = 1; signal < 65; signal++) {
        struct sigaction action;
        if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
            printf("handler for %d\n", signal);
    }
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    printf("cancel state %d type %d, umask %o, cwd %s, nice %d\n", state, type, mask,
           getcwd(cwd, sizeof cwd) ? cwd : "?", getpriority(PRIO_PROCESS, 0));
    for (char **entry = environ; *entry; entry++)
        if (strncmp(*entry, "LD_PRELOAD=", 11) != 0)
            printf("env %.*s\n", strncmp(*entry, "GPUWARM_MARKER=", 15) == 0 ? 14 : 4000, *entry);

    CUcontext current = (CUcontext)&state, context;
    CUresult init = cuInit(0), get = cuCtxGetCurrent(&current);
    printf("cuInit %d, cuCtxGetCurrent %d, current %s\n", init, get, current ? "something" : "none");
    printf("retain %d, threads %d\n", cuDevicePrimaryCtxRetain(&context, 0), threads_count());
    print_descriptors();
    return 3;
}
