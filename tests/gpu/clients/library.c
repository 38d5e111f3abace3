/* SPDX-License-Identifier: MIT */
/*
 * A client on cuBLAS or cuDNN: library cublas|cudnn FILE. Opens the library, comes to wait for connections for a
 * moment, as a service does (GPUWARM_TRIGGER=serve warms then), makes the context, and doubles numbers with the
 * library: as a matrix product, or as a convolution of one pixel. The first call makes the library's handle, the later
 * ones keep it, as programs do. The library's functions are declared here, so that no toolkit is needed to build this.
 */
#include "client.h"
#include "cuda/cuda_abi.h"
#include <arpa/inet.h>
#include <dlfcn.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHANNELS = 64, PIXELS = CLIENT_NUMBERS / CHANNELS, SIDE = 64, BYTES = CLIENT_NUMBERS * sizeof(float) };

/* cuBLAS's and cuDNN's own values: CUBLAS_OP_N, and those named here. */
enum { FLOAT = 0, NCHW = 0, CROSS_CORRELATION = 1, FMA_MATH = 3, IMPLICIT_GEMM = 0, NO_TRANSPOSE = 0 };

static void *library, *handle;
static CUdeviceptr twos, given, doubled;
static void *image, *filter, *convolution;

static void *function(const char *name)
{
    void *found = dlsym(library, name);
    if (!found)
        fprintf(stderr, "library: no %s\n", name);
    return found;
}

/* Calls the library's function of this name; 0 when it is there and gave 0, which is success with both libraries. */
#define CALL(name, types, ...)                                                                                         \
    __extension__({                                                                                                    \
        int(*called) types = (int(*) types)function(#name);                                                            \
        int gave = called ? called(__VA_ARGS__) : -1;                                                                  \
        if (called && gave)                                                                                            \
            fprintf(stderr, "library: %s gave %d\n", #name, gave);                                                     \
        gave;                                                                                                          \
    })

static int failed(CUresult result, const char *call)
{
    if (result != CUDA_SUCCESS)
        fprintf(stderr, "library: %s gave %d\n", call, result);
    return result != CUDA_SUCCESS;
}
#define FAILED(call) failed(call, #call)

static int product(float *numbers, int count)
{
    static const float one = 1, zero = 0;
    (void)count;
    if (FAILED(cuMemcpyHtoD_v2(given, numbers, BYTES)) || (!handle && CALL(cublasCreate_v2, (void **), &handle)))
        return 1;
    return CALL(cublasSgemm_v2,
                (void *, int, int, int, int, int, const float *, CUdeviceptr, int, CUdeviceptr, int, const float *,
                 CUdeviceptr, int),
                handle, NO_TRANSPOSE, NO_TRANSPOSE, CHANNELS, PIXELS, CHANNELS, &one, twos, CHANNELS, given, CHANNELS,
                &zero, doubled, CHANNELS) ||
           FAILED(cuMemcpyDtoH_v2(numbers, doubled, BYTES));
}

static int convolution_prepare(void)
{
    return CALL(cudnnCreate, (void **), &handle) || CALL(cudnnCreateTensorDescriptor, (void **), &image) ||
           CALL(cudnnSetTensor4dDescriptor, (void *, int, int, int, int, int, int), image, NCHW, FLOAT, 1, CHANNELS,
                SIDE, SIDE) ||
           CALL(cudnnCreateFilterDescriptor, (void **), &filter) ||
           CALL(cudnnSetFilter4dDescriptor, (void *, int, int, int, int, int, int), filter, FLOAT, NCHW, CHANNELS,
                CHANNELS, 1, 1) ||
           CALL(cudnnCreateConvolutionDescriptor, (void **), &convolution) ||
           CALL(cudnnSetConvolution2dDescriptor, (void *, int, int, int, int, int, int, int, int), convolution, 0, 0, 1,
                1, 1, 1, CROSS_CORRELATION, FLOAT) ||
           CALL(cudnnSetConvolutionMathType, (void *, int), convolution, FMA_MATH);
}

static int convolve(float *numbers, int count)
{
    static const float one = 1, zero = 0;
    (void)count;
    if (FAILED(cuMemcpyHtoD_v2(given, numbers, BYTES)) || (!handle && convolution_prepare()))
        return 1;
    return CALL(cudnnConvolutionForward,
                (void *, const float *, void *, CUdeviceptr, void *, CUdeviceptr, void *, int, void *, size_t,
                 const float *, void *, CUdeviceptr),
                handle, &one, image, given, filter, twos, convolution, IMPLICIT_GEMM, NULL, (size_t)0, &zero, image,
                doubled) ||
           FAILED(cuMemcpyDtoH_v2(numbers, doubled, BYTES));
}

/* What a service does before its first request. Nobody connects. */
static int connections_await(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct pollfd waits = {.fd = listener, .events = POLLIN};
    if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof address) || listen(listener, 1) ||
        poll(&waits, 1, 0) < 0) {
        perror("library: cannot listen");
        return 1;
    }
    close(listener);
    return 0;
}

/* Everything of the GPU that is not the library's: its context, memory, a first copy. */
static int context_make(void)
{
    static float diagonal[CHANNELS * CHANNELS];
    CUdevice device;
    CUcontext context;
    for (int i = 0; i < CHANNELS; i++)
        diagonal[i * CHANNELS + i] = 2;
    return FAILED(cuInit(0)) || FAILED(cuDeviceGet(&device, 0)) || FAILED(cuDevicePrimaryCtxRetain(&context, device)) ||
           FAILED(cuCtxPushCurrent_v2(context)) || FAILED(cuMemAlloc_v2(&twos, sizeof diagonal)) ||
           FAILED(cuMemAlloc_v2(&given, BYTES)) || FAILED(cuMemAlloc_v2(&doubled, BYTES)) ||
           FAILED(cuMemcpyHtoD_v2(twos, diagonal, sizeof diagonal));
}

int main(int argc, char **argv)
{
    if (argc != 3 || (strcmp(argv[1], "cublas") != 0 && strcmp(argv[1], "cudnn") != 0)) {
        fprintf(stderr, "usage: library cublas|cudnn FILE\n");
        return 2;
    }
    library = dlopen(argv[2], RTLD_NOW | RTLD_GLOBAL);
    if (!library) {
        printf("gpuclient skip %s\n", dlerror());
        return 77;
    }
    if (connections_await())
        return 1;
    long long begin = client_now();
    if (context_make())
        return 1;
    printf("gpuclient setup %lld %lld\n", begin, client_now());
    return client_run(strcmp(argv[1], "cublas") == 0 ? product : convolve);
}
