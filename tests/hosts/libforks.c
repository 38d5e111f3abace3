/* SPDX-License-Identifier: MIT */
/* A library that knows nothing of CUDA and does for a program what that need not import: it forks, and it sets a
 * variable. */
#include <stdlib.h>
#include <unistd.h>

int library_fork(void);
void library_choose(const char *device);

int library_fork(void)
{
    return fork();
}

void library_choose(const char *device)
{
    setenv("CUDA_VISIBLE_DEVICES", device, 1);
}
