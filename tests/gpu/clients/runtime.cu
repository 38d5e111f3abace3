/* SPDX-License-Identifier: MIT */
/*
 * A client on the CUDA runtime, built by nvcc with the static runtime (its default) and with the shared one: each call
 * allocates, copies in, launches, copies out and frees. The first also pays for the runtime's own start.
 */
#include "client.h"

static const int block = 256;

static __global__ void twice(float *numbers)
{
    numbers[blockIdx.x * blockDim.x + threadIdx.x] *= 2;
}

static bool failed(cudaError_t result, const char *call)
{
    if (result != cudaSuccess)
        fprintf(stderr, "runtime: %s gave %s\n", call, cudaGetErrorName(result));
    return result != cudaSuccess;
}
#define FAILED(call) failed(call, #call)

static int sequence(float *numbers, int count)
{
    float *memory;
    size_t bytes = count * sizeof *numbers;
    if (FAILED(cudaMalloc(&memory, bytes)) || FAILED(cudaMemcpy(memory, numbers, bytes, cudaMemcpyHostToDevice)))
        return 1;
    twice<<<count / block, block>>>(memory);
    return FAILED(cudaGetLastError()) || FAILED(cudaMemcpy(numbers, memory, bytes, cudaMemcpyDeviceToHost)) ||
           FAILED(cudaFree(memory));
}

int main()
{
    int runtime = 0, status = client_run(sequence);
    cudaRuntimeGetVersion(&runtime);
    printf("gpuclient version CUDA-runtime %d.%d\n", runtime / 1000, runtime % 1000 / 10);
    return status;
}
