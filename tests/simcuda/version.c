/* SPDX-License-Identifier: MIT */
/*
 * The version that the driver is of. The one thing besides the exported names in which the older driver that the
 * Makefile builds is another: it compiles this file a second time.
 */
#include "simcuda.h"

#ifndef SIMCUDA_VERSION
#define SIMCUDA_VERSION 13000
#endif

const int simcuda_version = SIMCUDA_VERSION;
