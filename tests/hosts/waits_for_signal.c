// link: cuda
/* SPDX-License-Identifier: MIT */
/* A server that stops in order: it blocks SIGTERM before it starts anything, and waits for it with sigwait. */
#include "cuda/cuda_abi.h"
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    sigset_t set;
    int signal = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    CUresult result = cuInit(0);
    kill(getpid(), SIGTERM);
    sigwait(&set, &signal);
    printf("cuInit %d, orderly end at signal %d\n", result, signal);
    return 0;
}
