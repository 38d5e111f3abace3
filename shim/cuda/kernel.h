/* SPDX-License-Identifier: MIT */
/*
 * The warm-up kernel: kernel.ptx as NUL-terminated text and, where nvcc was there when the library was built, the same
 * as machine code for common GPUs in one compressed fat binary; the name of its one entry.
 */
#ifndef GPUWARM_KERNEL_H
#define GPUWARM_KERNEL_H

/* The images in the order in which they are tried; a NULL ends them. */
extern const void *const kernel_images[] __attribute__((visibility("hidden")));
static const char kernel_name[] = "gpuwarm_kernel";

#endif
