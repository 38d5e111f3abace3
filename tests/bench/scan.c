/* SPDX-License-Identifier: MIT */
/* What looking at an executable costs: the scan for a fat binary, and the search for a string in a large executable. */
#include "elf/variable.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int main(void)
{
    enum { ROUNDS = 1000, LARGE = 64 << 20 };
    unsigned char *bytes = malloc(LARGE);
    if (!bytes)
        return 1;
    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = (unsigned char)((i * 2654435761u) >> 24);
    const struct span small = {bytes, FATBIN_SCAN_BYTES}, large = {bytes, LARGE};
    double start = now_us();
    int found = 0;
    for (int i = 0; i < ROUNDS; i++)
        found += fatbin_present(small, &large, 1);
    double scan = (now_us() - start) / ROUNDS;
    start = now_us();
    bool unknown = false;
    found += fatbin_search_outside(variable_named, &large, 1, &(size_t){LARGE}, &unknown) != NULL;
    printf("\nScanning 64 KiB for a fat binary takes %.1f us, searching 64 MiB for names %.0f ms%s.\n", scan,
           (now_us() - start) / 1e3, found ? " (something was found)" : "");
    free(bytes);
    return 0;
}
