// link: cuda
/* SPDX-License-Identifier: MIT */
/*
 * Prints what a warm-up, at load or where this program serves, may have left in the process: its descriptors, threads
 * and mappings, and, after a line "driver:", what the driver has in use. The program uses CUDA itself first, so that
 * what the driver keeps is there with and without the library.
 */
#include "cuda/cuda_abi.h"
#include "threads.h"
#include "waits.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

CUresult cuCtxGetCurrent(CUcontext *context);
CUresult cuMemGetInfo_v2(size_t *unused, size_t *total);

static void print_descriptors(void)
{
    for (int fd = 0; fd < 256; fd++) {
        char path[32], target[256] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (readlink(path, target, sizeof target - 1) < 0)
            continue;
        target[strcspn(target, "[")] = '\0';
        printf("fd %d: %s\n", fd, fd > 2 ? target : "standard");
    }
}

/* Without the heap, which is the C library's; and without the page that the list of variables with the marker takes. */
static unsigned long anonymous_kib(void)
{
    char line[512];
    unsigned long total = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && fgets(line, sizeof line, maps)) {
        unsigned long start, end, inode;
        int name = 0;
        if (sscanf(line, "%lx-%lx %*s %*s %*s %lu %n", &start, &end, &inode, &name) == 3 && !inode && !line[name])
            total += (end - start) / 1024;
    }
    if (maps)
        fclose(maps);
    return total - (getenv("GPUWARM_MARKER") ? (unsigned long)sysconf(_SC_PAGESIZE) / 1024 : 0);
}

int main(void)
{
    CUcontext current = NULL, context = NULL;
    CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
    size_t unused = 0, total = 0;
    /* Out of the way of the driver's descriptors, which come before it or after. */
    int listener = waits_listen(), ready = fcntl(listener, F_DUPFD_CLOEXEC, 200);
    close(listener);
    ready = waits_polling("poll", ready, 0, NULL);
    CUresult init = cuInit(0), get = cuCtxGetCurrent(&current);
    CUresult retain = cuDevicePrimaryCtxRetain(&context, 0), push = cuCtxPushCurrent_v2(context);
    printf("poll %d, init %d, get %d, retain %d, push %d\n", ready, init, get, retain, push);
    print_descriptors();
    printf("threads %d\n", threads_count());
    printf("info %d\n", cuMemGetInfo_v2(&unused, &total));
    printf("exchange %d, pop %d\n", cuThreadExchangeStreamCaptureMode(&mode), cuCtxPopCurrent_v2(&context));
    printf("driver:\n%s context was current, capture mode %d\n", current ? "a" : "no", mode);
    printf("device memory in use %zu\nanonymous memory %lu KiB\n", total - unused, anonymous_kib());
    return 8;
}
