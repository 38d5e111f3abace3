/* SPDX-License-Identifier: MIT */
/*
 * A client on the driver API: each call is the whole sequence from cuInit to the result, with a module, an allocation,
 * a copy each way and a launch. Nothing is kept but the primary context, so the later calls do what the first one does
 * and cost what is left of it in a process that is warm.
 */
#include "client.h"
#include "cuda/cuda_abi.h"

static const char ptx[] = ".version 4.0\n"
                          ".target sm_50\n"
                          ".address_size 64\n"
                          ".visible .entry twice(.param .u64 data)\n"
                          "{\n"
                          "    .reg .b32 %r<4>;\n"
                          "    .reg .b64 %a<3>;\n"
                          "    .reg .f32 %f;\n"
                          "    ld.param.u64 %a0, [data];\n"
                          "    mov.u32 %r0, %ctaid.x;\n"
                          "    mov.u32 %r1, %ntid.x;\n"
                          "    mov.u32 %r2, %tid.x;\n"
                          "    mad.lo.u32 %r3, %r0, %r1, %r2;\n"
                          "    cvta.to.global.u64 %a1, %a0;\n"
                          "    mul.wide.u32 %a2, %r3, 4;\n"
                          "    add.u64 %a1, %a1, %a2;\n"
                          "    ld.global.f32 %f, [%a1];\n"
                          "    add.f32 %f, %f, %f;\n"
                          "    st.global.f32 [%a1], %f;\n"
                          "    ret;\n"
                          "}\n";

enum { BLOCK = 256 };

static int failed(CUresult result, const char *call)
{
    if (result != CUDA_SUCCESS)
        fprintf(stderr, "driver: %s gave %d\n", call, result);
    return result != CUDA_SUCCESS;
}
#define FAILED(call) failed(call, #call)

static int numbers_double(CUmodule module, float *numbers, int count)
{
    size_t bytes = (size_t)count * sizeof *numbers;
    CUfunction kernel;
    CUdeviceptr memory;
    void *parameters[] = {&memory};
    return FAILED(cuModuleGetFunction(&kernel, module, "twice")) || FAILED(cuMemAlloc_v2(&memory, bytes)) ||
           FAILED(cuMemcpyHtoD_v2(memory, numbers, bytes)) ||
           FAILED(cuLaunchKernel(kernel, (unsigned)count / BLOCK, 1, 1, BLOCK, 1, 1, 0, NULL, parameters, NULL)) ||
           FAILED(cuMemcpyDtoH_v2(numbers, memory, bytes)) || FAILED(cuMemFree_v2(memory));
}

static int sequence(float *numbers, int count)
{
    CUdevice device;
    CUcontext context;
    CUmodule module;
    return FAILED(cuInit(0)) || FAILED(cuDeviceGet(&device, 0)) || FAILED(cuDevicePrimaryCtxRetain(&context, device)) ||
           FAILED(cuCtxPushCurrent_v2(context)) || FAILED(cuModuleLoadDataEx(&module, ptx, 0, NULL, NULL)) ||
           numbers_double(module, numbers, count) || FAILED(cuModuleUnload(module)) ||
           FAILED(cuCtxPopCurrent_v2(&context));
}

int main(void)
{
    return client_run(sequence);
}
