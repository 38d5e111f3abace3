/* SPDX-License-Identifier: MIT */
/* A profiler that is preloaded: its constructor tells the driver of itself, and may run before ours. */
#include <stdlib.h>

__attribute__((constructor)) static void inject(void)
{
    setenv("CUDA_INJECTION64_PATH", "/nonexistent/libtool.so", 1);
}
