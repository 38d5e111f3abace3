/* SPDX-License-Identifier: MIT */
/*
 * A small GPU service: it answers each connection's numbers with their doubles, computed on the GPU. Like many real
 * ones it does nothing with CUDA until the first request comes, so the first user waits for the driver, the context
 * and the module. It knows nothing of libgpuwarm.
 *
 *     server PORT        (0: any free port)   listens on 127.0.0.1 and prints the port when it is ready
 *
 * A request is a 32-bit count n and n floats, the answer n floats, all in the machine's own byte order.
 */
#include "cuda/cuda_abi.h" /* with the CUDA toolkit: <cuda.h> */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COUNT_MAX = 1 << 20, BLOCK = 256 };

static const char ptx[] = ".version 4.0\n"
                          ".target sm_50\n"
                          ".address_size 64\n"
                          ".visible .entry twice(.param .u64 data, .param .u32 count)\n"
                          "{\n"
                          "    .reg .pred %p;\n"
                          "    .reg .b32 %r<6>;\n"
                          "    .reg .b64 %a<3>;\n"
                          "    .reg .f32 %f;\n"
                          "    ld.param.u64 %a0, [data];\n"
                          "    ld.param.u32 %r0, [count];\n"
                          "    mov.u32 %r1, %ctaid.x;\n"
                          "    mov.u32 %r2, %ntid.x;\n"
                          "    mov.u32 %r3, %tid.x;\n"
                          "    mad.lo.u32 %r4, %r1, %r2, %r3;\n"
                          "    setp.ge.u32 %p, %r4, %r0;\n"
                          "    @%p bra done;\n"
                          "    cvta.to.global.u64 %a1, %a0;\n"
                          "    mul.wide.u32 %a2, %r4, 4;\n"
                          "    add.u64 %a1, %a1, %a2;\n"
                          "    ld.global.f32 %f, [%a1];\n"
                          "    add.f32 %f, %f, %f;\n"
                          "    st.global.f32 [%a1], %f;\n"
                          "done:\n"
                          "    ret;\n"
                          "}\n";

static void check(CUresult result, const char *what)
{
    if (result != CUDA_SUCCESS) {
        fprintf(stderr, "server: %s failed with %d\n", what, result);
        exit(1);
    }
}
#define CHECK(call) check(call, #call)

/* The first use of the GPU, when the first request comes. */
static CUfunction gpu_kernel(void)
{
    static CUfunction kernel;
    CUdevice device;
    CUcontext context;
    CUmodule module;
    if (kernel)
        return kernel;
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxPushCurrent_v2(context));
    CHECK(cuModuleLoadDataEx(&module, ptx, 0, NULL, NULL));
    CHECK(cuModuleGetFunction(&kernel, module, "twice"));
    return kernel;
}

static void gpu_double(float *numbers, uint32_t count)
{
    CUfunction kernel = gpu_kernel();
    CUdeviceptr memory;
    void *parameters[] = {&memory, &count};
    CHECK(cuMemAlloc_v2(&memory, count * sizeof *numbers));
    CHECK(cuMemcpyHtoD_v2(memory, numbers, count * sizeof *numbers));
    CHECK(cuLaunchKernel(kernel, (count + BLOCK - 1) / BLOCK, 1, 1, BLOCK, 1, 1, 0, NULL, parameters, NULL));
    CHECK(cuMemcpyDtoH_v2(numbers, memory, count * sizeof *numbers));
    CHECK(cuMemFree_v2(memory));
}

static void serve(int connection, float *numbers)
{
    uint32_t count;
    if (recv(connection, &count, sizeof count, MSG_WAITALL) != sizeof count || count == 0 || count > COUNT_MAX)
        return;
    size_t bytes = count * sizeof *numbers;
    if (recv(connection, numbers, bytes, MSG_WAITALL) != (ssize_t)bytes)
        return;
    gpu_double(numbers, count);
    for (size_t sent = 0; sent < bytes;) {
        ssize_t n = send(connection, (char *)numbers + sent, bytes - sent, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        sent += (size_t)n;
    }
}

int main(int argc, char **argv)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    static float numbers[COUNT_MAX];
    address.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
        bind(listener, (struct sockaddr *)&address, size) || listen(listener, 16) ||
        getsockname(listener, (struct sockaddr *)&address, &size)) {
        perror("server");
        return 1;
    }
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0)
            continue;
        serve(connection, numbers);
        close(connection);
    }
}
