/* SPDX-License-Identifier: MIT */
/* A library that knows nothing of CUDA and forks for its program, which so need not import that. */
#include <unistd.h>

int library_fork(void);

int library_fork(void)
{
    return fork();
}
