/* SPDX-License-Identifier: MIT */
/* What a program pays for its first use of the GPU: initialise, context, allocate, copy; then the same work again. */
#include "cuda/cuda_abi.h" /* with the CUDA toolkit: <cuda.h> */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CHECK(call)                                                                                                    \
    if ((call) != CUDA_SUCCESS) {                                                                                      \
        fprintf(stderr, "%s failed\n", #call);                                                                         \
        exit(1);                                                                                                       \
    }

static double use_the_gpu(void)
{
    static char numbers[1 << 20];
    struct timespec start, end;
    CUdevice device;
    CUcontext context;
    CUdeviceptr memory;
    clock_gettime(CLOCK_MONOTONIC, &start);
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxPushCurrent_v2(context));
    CHECK(cuMemAlloc_v2(&memory, sizeof numbers));
    CHECK(cuMemcpyHtoD_v2(memory, numbers, sizeof numbers));
    CHECK(cuMemcpyDtoH_v2(numbers, memory, sizeof numbers));
    CHECK(cuMemFree_v2(memory));
    CHECK(cuCtxPopCurrent_v2(&context));
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) / 1e6;
}

int main(void)
{
    printf("first  %9.3f ms\n", use_the_gpu());
    printf("second %9.3f ms\n", use_the_gpu());
    return 0;
}
