/* SPDX-License-Identifier: MIT */
#ifndef HOST_LIBKERNELS_H
#define HOST_LIBKERNELS_H

/* What the program's first use of the GPU comes to: the result of cuInit, -1 without a driver. */
int kernels_run(void);

#endif
