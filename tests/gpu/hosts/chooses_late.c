/* SPDX-License-Identifier: MIT */
/*
 * Hides every GPU from itself by setting CUDA_VISIBLE_DEVICES before its first CUDA call, as programs do that choose
 * theirs, and says how many it then sees. The driver reads the variable once, when it is initialised.
 */
#include "host.h"
#include <stdlib.h>

int main(void)
{
    int count = 0;
    if (setenv("CUDA_VISIBLE_DEVICES", "-1", 1))
        return 1;
    host_say("cuInit", cuInit(0));
    CUresult result = cuDeviceGetCount(&count);
    SAY("devices %d (%s)\n", count, host_result(result));
    return 0;
}
