// link: cuda
/* SPDX-License-Identifier: MIT */
/* A library that does all of a thin program's work: it forks a worker and chooses the GPU before it uses CUDA. */
#include "libworker.h"
#include "cuda/cuda_abi.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void work(void)
{
    char name[64] = "";
    int status = -1;
    pid_t worker = fork();
    if (worker == 0)
        _exit(cuInit(0));
    waitpid(worker, &status, 0);
    setenv("CUDA_VISIBLE_DEVICES", "1", 1);
    cuInit(0);
    cuDeviceGetName(name, sizeof name, 0);
    printf("worker: cuInit %d, device 0 is %s\n", WEXITSTATUS(status), name);
}
