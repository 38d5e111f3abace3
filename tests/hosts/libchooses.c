/* SPDX-License-Identifier: MIT */
/* A library that knows nothing of CUDA and sets a variable for its program, which so need not contain its name. */
#include <stdlib.h>

void library_choose(const char *device);

void library_choose(const char *device)
{
    setenv("CUDA_VISIBLE_DEVICES", device, 1);
}
