/* SPDX-License-Identifier: MIT */
/* The same as flags.c on the CUDA runtime: cudaSetDeviceFlags before the first use, cudaDeviceReset after some work. */
#include <cstdio>

static const int bytes = 1 << 20;

static cudaError_t say(const char *what, cudaError_t result)
{
    printf("%s %d %s\n", what, (int)result, cudaGetErrorName(result));
    return result;
}

static void flags_say(const char *when)
{
    unsigned flags = 0;
    cudaError_t result = cudaGetDeviceFlags(&flags);
    printf("%s: flags %u (%s)\n", when, flags & cudaDeviceScheduleMask, cudaGetErrorName(result));
}

static void work_say(const char *when)
{
    static char numbers[bytes], back[bytes];
    char *memory;
    numbers[bytes - 1] = 42;
    back[bytes - 1] = 0;
    printf("%s\n", when);
    if (say("cudaMalloc", cudaMalloc(&memory, bytes)) ||
        say("cudaMemcpy in", cudaMemcpy(memory, numbers, bytes, cudaMemcpyHostToDevice)) ||
        say("cudaMemcpy out", cudaMemcpy(back, memory, bytes, cudaMemcpyDeviceToHost)) ||
        say("cudaFree", cudaFree(memory)))
        return;
    printf("copied %s\n", back[bytes - 1] == 42 ? "right" : "WRONG");
}

int main()
{
    say("cudaSetDeviceFlags", cudaSetDeviceFlags(cudaDeviceScheduleBlockingSync));
    flags_say("flags set");
    work_say("first work");
    flags_say("worked");
    say("cudaDeviceReset", cudaDeviceReset());
    work_say("work after the reset");
    say("cudaDeviceReset", cudaDeviceReset());
    return 0;
}
