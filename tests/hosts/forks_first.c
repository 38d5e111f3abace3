// link: cuda
/* SPDX-License-Identifier: MIT */
/* A CUDA executable that forks a worker and uses CUDA only there: breaks if CUDA was initialised before main. */
#include "cuda/cuda_abi.h"
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int status = -1;
    pid_t worker = fork();
    if (worker == 0)
        _exit(cuInit(0));
    waitpid(worker, &status, 0);
    printf("worker: cuInit %d\n", WEXITSTATUS(status));
    return 0;
}
