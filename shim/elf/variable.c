/* SPDX-License-Identifier: MIT */
/* See variable.h. */
#include "elf/variable.h"
#include "base/scan.h"
#include <string.h>

/*
 * CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER choose the GPUs and their numbers, CUDA_MODULE_LOADING whether a kernel is
 * loaded when one of its own is already waiting for it (CUDA C++ Programming Guide, Lazy Loading), and the others the
 * share of a GPU.
 */
static const char names[][28] = {"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_MODULE_LOADING",
                                 "CUDA_DEVICE_MAX_CONNECTIONS", "CUDA_MPS"};

/* NEAR_BYTES: how far behind an immediate the next one may be. They were seen 10 bytes apart. */
enum { CONSTANT_BYTES = 16, IMMEDIATE_BYTES = 8, NEAR_BYTES = 64 };

/* Is the name at the start of the bytes, as far as a constant holds it, or in two immediates? */
static bool is_named(const char *name, struct span bytes)
{
    const size_t length = strlen(name), whole = length < CONSTANT_BYTES ? length : CONSTANT_BYTES;
    if (bytes.size < IMMEDIATE_BYTES || !scan_equal(bytes.start, name, IMMEDIATE_BYTES))
        return false;
    if (bytes.size >= whole && scan_equal(bytes.start, name, whole))
        return true;
    const size_t left = bytes.size - IMMEDIATE_BYTES;
    return length >= CONSTANT_BYTES && scan_has(bytes.start + IMMEDIATE_BYTES, left < NEAR_BYTES ? left : NEAR_BYTES,
                                                name + IMMEDIATE_BYTES, IMMEDIATE_BYTES);
}

/* The letter C is rare in code, so that the search for it is nearly all there is to do. */
const char *variable_named(struct span bytes)
{
    const unsigned char *const end = bytes.start + bytes.size, *at = bytes.start;
    for (; (at = scan_byte(at, end, 'C')) < end; at++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (is_named(names[i], (struct span){at, (size_t)(end - at)}))
                return names[i];
    return NULL;
}
