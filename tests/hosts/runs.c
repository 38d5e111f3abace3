// link: cuda
/* SPDX-License-Identifier: MIT */
/* A CUDA executable that runs another program: `runs exec PROGRAM ...` in its own place, `runs spawn ...` as a child.
 */
#include "cuda_abi.h"
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int status = 1;
    pid_t child;
    if (argc < 3)
        return 2;
    if (cuInit(0) != CUDA_SUCCESS)
        return 3;
    if (strcmp(argv[1], "exec") == 0)
        return execv(argv[2], argv + 2);
    if (posix_spawn(&child, argv[2], NULL, NULL, argv + 2, environ) != 0)
        return 4;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}
