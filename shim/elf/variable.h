/* SPDX-License-Identifier: MIT */
/*
 * Names of environment variables that the driver reads once, in the bytes of a program that may set one itself, as
 * compilers store them. A literal is there as it stands; but one that is copied (an array, strcpy, std::string) becomes
 * 16-byte constants, or 8-byte immediates of instructions that follow each other: gcc 12 at every level but -Os; clang
 * copies from the literal. Not found: a name that is put together at run time, and one in the instructions of aarch64,
 * where gcc copies from the literal too. Pure.
 */
#ifndef GPUWARM_VARIABLE_H
#define GPUWARM_VARIABLE_H

#include "elf/fatbin.h"

/* The first such name in the bytes; NULL when there is none. */
const char *variable_named(struct span bytes);

#endif
