/* SPDX-License-Identifier: MIT */
/*
 * The real functions: what RTLD_NEXT would give for the hooked names, another preloaded library's function or the C
 * library's. Found at the first call at the latest, by reading the objects' own symbol tables. Not through dlsym, and
 * without the loader's lock: hooks are also called in signal handlers and in children of fork and vfork.
 */
#ifndef GPUWARM_REAL_H
#define GPUWARM_REAL_H

#include "base/auxv.h"
#include <poll.h>
#include <sys/time.h>
#include <time.h>

/*
 * A function of any arguments. The real function may be another preloaded library's and may take anything, so
 * all registers that arguments are passed in are handed on as they are (x86-64 psABI, AAPCS64); what is on the stack
 * stays there, since such a call is always a function's last act and becomes a jump.
 */
#if defined __x86_64__
#define REGISTERS                                                                                                      \
    long a, long b, long c, long d, long e, long f, double s, double t, double u, double v, double w, double x,        \
        double y, double z
#define PASSED a, b, c, d, e, f, s, t, u, v, w, x, y, z
#else
#define REGISTERS                                                                                                      \
    long a, long b, long c, long d, long e, long f, long g, long h, double s, double t, double u, double v, double w,  \
        double x, double y, double z
#define PASSED a, b, c, d, e, f, g, h, s, t, u, v, w, x, y, z
#endif

typedef int (*anything)(REGISTERS);

/* The definitions. Empty before real_find(). */
struct real {
#define HOOK(name, parameters, arguments) int(*name) parameters;
#include "interpose/hooks.def"
#undef HOOK
};

/* Is the real function the C library's own, whose arguments are known? Another object's of that name may be anything.
 */
struct real_known {
#define HOOK(name, parameters, arguments) bool name;
#include "interpose/hooks.def"
#undef HOOK
};

/*
 * Where each hook jumps: to the definition, or to what looks at the call first while the process is watched. Always
 * callable: before real_find() each is looked for at its first call.
 */
struct jump_table {
#define HOOK(name, parameters, arguments) anything name;
#include "interpose/hooks.def"
#undef HOOK
};

/* Said to be ours: else each use would go through the global offset table. */
#define OURS __attribute__((visibility("hidden")))
extern OURS struct real real;
extern OURS struct real_known real_known;
extern OURS struct jump_table jump_table;

/*
 * Finds all of them among these objects, the executable's and what follows in the loader's list, and has each hook that
 * nothing was called through yet jump there. What no object up to the C library defines becomes the bare system call:
 * never fork, which would leave out the handlers of pthread_atfork and leave locked what other threads had locked. So
 * without `objects` the loader is asked (dl_iterate_phdr), under its lock: in an executable without DT_DEBUG or
 * PT_PHDR, or where an earlier constructor calls first and the kernel's copy of the vector is not to be had, or
 * ld.so's. Safe to be called twice, and from threads.
 */
void real_find(const struct link_map *objects);

/*
 * For processes in which nobody calls that: where the kernel laid the auxiliary vector, from which the first call of a
 * hook finds the objects. NULL, in a constructor that runs before ours: it reads the kernel's own copy.
 */
extern OURS const ElfW(auxv_t) * real_auxiliary;

/* Makes the bare system call of each that is missing. */
void real_complete(struct real *some);

/* Has all hooks jump to the definitions, after real_find(). */
void jump_table_reset(void);

#endif
