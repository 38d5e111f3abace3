// link: cuda
/* SPDX-License-Identifier: MIT */
/*
 * A CUDA executable that runs another program: `runs exec PROGRAM ...` in its own place, `runs spawn PROGRAM ...` as a
 * child, `runs ranks VARIABLE PROGRAM` as four, each with its rank in the variable and as its argument.
 */
#include "cuda/cuda_abi.h"
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int spawn(char *const *argv)
{
    int status = 1;
    pid_t child;
    if (posix_spawn(&child, argv[0], NULL, NULL, argv, environ) != 0)
        return 4;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static int spawn_ranks(const char *variable, char *program)
{
    int status = 0;
    for (int rank = 0; rank < 4 && status == 0; rank++) {
        char number[12];
        snprintf(number, sizeof number, "%d", rank);
        setenv(variable, number, 1);
        status = spawn((char *const[]){program, number, NULL});
    }
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    if (cuInit(0) != CUDA_SUCCESS)
        return 3;
    if (strcmp(argv[1], "exec") == 0)
        return execv(argv[2], argv + 2);
    return strcmp(argv[1], "ranks") == 0 ? spawn_ranks(argv[2], argv[3]) : spawn(argv + 2);
}
