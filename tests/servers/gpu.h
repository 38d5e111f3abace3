/* SPDX-License-Identifier: MIT */
/*
 * What a service does with CUDA, for the servers in C, C++, Java and node: gpu.py has the same for those in Python. The
 * driver is opened with dlopen, as plugins and language bindings do it, so that these are no CUDA executables.
 */
#ifndef SERVERS_GPU_H
#define SERVERS_GPU_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opens the driver without initialising it, unless SERVER_LAZY is set: then the first answer opens it. Call it once. */
void gpu_load(void);

/* CLOCK_MONOTONIC in ns. */
long long gpu_now(void);

/*
 * Uses the driver, and writes one line with this process, `began` and what each call gave. "no driver" in it: it could
 * not be opened. `size` of 1024 is enough.
 */
void gpu_answer(long long began, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
