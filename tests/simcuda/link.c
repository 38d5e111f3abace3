/* SPDX-License-Identifier: MIT */
/*
 * The just-in-time linker: takes PTX and gives an image that holds it, so that a module made of it knows its kernels
 * and variables. Objects of machine code are not simulated.
 */
#include "simcuda.h"
#include <stdlib.h>
#include <string.h>

typedef struct CUlinkState_st {
    char *image; /* the prefix and the PTX of all inputs, with a NUL at the end */
    size_t bytes;
} * CUlinkState;

/* An image begins as a cubin does, and is told from one by the next word. */
static const char prefix[] = "\177ELF simulated\n";

enum { INPUT_PTX = 1, OPTION_INFO_LOG = 3, OPTION_INFO_BYTES = 4, OPTION_ERROR_LOG = 5, OPTION_ERROR_BYTES = 6 };

const char *simcuda_link_ptx(const void *image)
{
    size_t length = sizeof prefix - 1;
    return strncmp(image, prefix, length) == 0 ? (const char *)image + length : NULL;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): what the values point at is written to */
void simcuda_jit_log(unsigned int count, const CUjit_option *options, void **values)
{
    for (unsigned int i = 0; i < count; i++) {
        const int option = (int)options[i];
        if ((option == OPTION_INFO_LOG || option == OPTION_ERROR_LOG) && values[i])
            *(char *)values[i] = '\0';
        if (option == OPTION_INFO_BYTES || option == OPTION_ERROR_BYTES)
            values[i] = NULL; /* how much was logged */
    }
}

static bool image_append(CUlinkState state, const char *text, size_t bytes)
{
    char *grown = realloc(state->image, state->bytes + bytes + 1);
    if (!grown)
        return false;
    memcpy(grown + state->bytes, text, bytes);
    state->image = grown;
    state->bytes += bytes;
    state->image[state->bytes] = '\0';
    return true;
}

/* NOLINTBEGIN(readability-non-const-parameter): the API's */
SIMULATED(cuLinkCreate_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE,
          (unsigned int count, CUjit_option *options, void **values, CUlinkState *state),
          (count, options, values, state))
{
    CUlinkState created = calloc(1, sizeof *created);
    if (!created || !image_append(created, prefix, sizeof prefix - 1)) {
        free(created);
        return SIM_CUDA_ERROR_OUT_OF_MEMORY;
    }
    simcuda_jit_log(count, options, values);
    simcuda_call_detail(call, "link=%p", (void *)created);
    *state = created;
    return CUDA_SUCCESS;
}

SIMULATED(cuLinkAddData_v2, NEED_CONTEXT, SIMCUDA_NO_DEVICE,
          (CUlinkState state, CUjitInputType type, void *data, size_t bytes, const char *name, unsigned int count,
           CUjit_option *options, void **values),
          (state, type, data, bytes, name, count, options, values))
{
    (void)name, (void)count, (void)options, (void)values;
    simcuda_call_detail(call, "link=%p bytes=%zu", (void *)state, bytes);
    if ((int)type != INPUT_PTX)
        return SIM_CUDA_ERROR_NOT_SUPPORTED;
    size_t length = strnlen(data, bytes);
    if (!memmem(data, length, ".version", 8))
        return SIM_CUDA_ERROR_INVALID_PTX;
    return image_append(state, data, length) ? CUDA_SUCCESS : SIM_CUDA_ERROR_OUT_OF_MEMORY;
}

/* NOLINTEND(readability-non-const-parameter) */

/* The image belongs to the link and ends with it. */
SIMULATED(cuLinkComplete, NEED_CONTEXT, SIMCUDA_NO_DEVICE, (CUlinkState state, void **image, size_t *bytes),
          (state, image, bytes))
{
    simcuda_call_detail(call, "link=%p", (void *)state);
    *image = state->image;
    if (bytes)
        *bytes = state->bytes + 1;
    return CUDA_SUCCESS;
}

SIMULATED(cuLinkDestroy, NEED_INIT, SIMCUDA_NO_DEVICE, (CUlinkState state), (state))
{
    simcuda_call_detail(call, "link=%p", (void *)state);
    free(state->image);
    free(state);
    return CUDA_SUCCESS;
}
