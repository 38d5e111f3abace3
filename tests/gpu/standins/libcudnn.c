/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for cuDNN on the simulated driver: handles, descriptors, and convolutions. Right are those of one pixel;
 * the library's own warm-up, of which nobody reads the result, makes a larger one.
 */
#include "standin.h"

/* An image's or a filter's size, in the order in which it lies in memory. A convolution's own settings are not kept. */
struct descriptor {
    int sizes[4];
};

int cudnnCreate(void **handle);
const char *cudnnGetErrorString(int status);
int cudnnDestroy(void *handle);
int cudnnSetStream(void *handle, void *stream);
int cudnnCreateTensorDescriptor(void **descriptor);
int cudnnCreateFilterDescriptor(void **descriptor);
int cudnnCreateConvolutionDescriptor(void **descriptor);
int cudnnDestroyTensorDescriptor(void *descriptor);
int cudnnDestroyFilterDescriptor(void *descriptor);
int cudnnDestroyConvolutionDescriptor(void *descriptor);
int cudnnSetTensor4dDescriptor(struct descriptor *image, int format, int type, int n, int c, int h, int w);
int cudnnSetFilter4dDescriptor(struct descriptor *filter, int type, int format, int k, int c, int h, int w);
int cudnnSetConvolution2dDescriptor(void *convolution, int pad_h, int pad_w, int step_h, int step_w, int dilation_h,
                                    int dilation_w, int mode, int type);
int cudnnSetConvolutionMathType(void *convolution, int type);
int cudnnConvolutionForward(void *handle, const float *alpha, const struct descriptor *image, device_pointer x,
                            const struct descriptor *filter, device_pointer w, const void *convolution, int algorithm,
                            void *workspace, size_t bytes, const float *beta, const void *result, device_pointer y);

int cudnnCreate(void **handle)
{
    static bool paid;
    standin_pay(&paid);
    return standin_new(handle, 1);
}

const char *cudnnGetErrorString(int status)
{
    return status == STANDIN_OK ? "CUDNN_STATUS_SUCCESS" : "CUDNN_STATUS_ALLOC_FAILED";
}

int cudnnDestroy(void *handle)
{
    return standin_free(handle);
}

int cudnnSetStream(void *handle, void *stream)
{
    (void)handle;
    (void)stream;
    return STANDIN_OK;
}

int cudnnCreateTensorDescriptor(void **descriptor)
{
    return standin_new(descriptor, sizeof(struct descriptor));
}

int cudnnCreateFilterDescriptor(void **descriptor)
{
    return standin_new(descriptor, sizeof(struct descriptor));
}

int cudnnCreateConvolutionDescriptor(void **descriptor)
{
    return standin_new(descriptor, sizeof(struct descriptor));
}

int cudnnDestroyTensorDescriptor(void *descriptor)
{
    return standin_free(descriptor);
}

int cudnnDestroyFilterDescriptor(void *descriptor)
{
    return standin_free(descriptor);
}

int cudnnDestroyConvolutionDescriptor(void *descriptor)
{
    return standin_free(descriptor);
}

int cudnnSetTensor4dDescriptor(struct descriptor *image, int format, int type, int n, int c, int h, int w)
{
    (void)format;
    (void)type;
    *image = (struct descriptor){{n, c, h, w}};
    return STANDIN_OK;
}

int cudnnSetFilter4dDescriptor(struct descriptor *filter, int type, int format, int k, int c, int h, int w)
{
    (void)format;
    (void)type;
    *filter = (struct descriptor){{k, c, h, w}};
    return STANDIN_OK;
}

int cudnnSetConvolution2dDescriptor(void *convolution, int pad_h, int pad_w, int step_h, int step_w, int dilation_h,
                                    int dilation_w, int mode, int type)
{
    (void)convolution;
    (void)pad_h, (void)pad_w, (void)step_h, (void)step_w, (void)dilation_h, (void)dilation_w;
    (void)mode;
    (void)type;
    return STANDIN_OK;
}

int cudnnSetConvolutionMathType(void *convolution, int type)
{
    (void)convolution;
    (void)type;
    return STANDIN_OK;
}

int cudnnConvolutionForward(void *handle, const float *alpha, const struct descriptor *image, device_pointer x,
                            const struct descriptor *filter, device_pointer w, const void *convolution, int algorithm,
                            void *workspace, size_t bytes, const float *beta, const void *result, device_pointer y)
{
    const float *from = (const float *)(uintptr_t)x, *weights = (const float *)(uintptr_t)w;
    float *to = (float *)(uintptr_t)y;
    int channels = image->sizes[1], pixels = image->sizes[2] * image->sizes[3];
    static bool paid;
    (void)handle;
    (void)convolution;
    (void)algorithm;
    (void)workspace;
    (void)bytes;
    (void)result;
    standin_pay(&paid);
    for (int out = 0; out < filter->sizes[0]; out++) {
        float *made = to + (size_t)out * pixels;
        for (int pixel = 0; pixel < pixels; pixel++)
            made[pixel] = *beta == 0 ? 0 : *beta * made[pixel];
        for (int in = 0; in < channels; in++)
            for (int pixel = 0; pixel < pixels; pixel++)
                made[pixel] += *alpha * weights[out * channels + in] * from[in * pixels + pixel];
    }
    return STANDIN_OK;
}
