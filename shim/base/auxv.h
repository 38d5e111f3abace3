/* SPDX-License-Identifier: MIT */
/*
 * What the kernel handed to the process: arguments, environment and auxiliary vector, in one piece of the initial
 * stack (Linux, ELF ABI). Read there and not through the C library, because every process that the library is
 * preloaded into comes this way and a function called by name costs a look-up in all of its libraries.
 */
#ifndef GPUWARM_AUXV_H
#define GPUWARM_AUXV_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>

struct start {
    int argc;
    char **argv;
    char **environment; /* as it was when the process started */
    const ElfW(auxv_t) * auxiliary;
    bool secure; /* runs with privileges that its caller lacks (AT_SECURE, ld.so(8)) */
};

/*
 * Fills `start` from what a constructor was passed. false when that is not what the kernel laid: glibc passes main's
 * arguments to constructors, musl passes nothing, and what then stands in the registers must not be followed.
 */
bool auxv_find(int argc, char **argv, char **environment, struct start *start);

/* The value of an entry of the auxiliary vector (AT_*), 0 when there is none. */
unsigned long auxv_value(const struct start *start, unsigned long type);

/*
 * Reads the kernel's own copy of the vector, up to `size` bytes of it, AT_NULL included. false: it cannot be read, or
 * is longer. Changes errno. Makes its system calls by number: safe in a signal handler, and no point of cancellation.
 */
bool auxv_read_own(ElfW(auxv_t) * auxiliary, size_t size);

#endif
