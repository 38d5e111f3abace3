/* SPDX-License-Identifier: MIT */
/* The warm-up kernel, from kernel.ptx: NUL-terminated PTX text, and the name of its one entry. */
#ifndef GPUWARM_KERNEL_H
#define GPUWARM_KERNEL_H

extern const char kernel_image[] __attribute__((visibility("hidden")));
static const char kernel_name[] = "gpuwarm_kernel";

#endif
