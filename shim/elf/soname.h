/* SPDX-License-Identifier: MIT */
/* What a shared library is known for by its name alone (sonames.def). Pure. */
#ifndef GPUWARM_SONAME_H
#define GPUWARM_SONAME_H

#include <stdbool.h>

enum soname_role {
    SONAME_CUDA = 1,    /* who links it is a CUDA program */
    SONAME_LISTENS = 2, /* it listens on its own account: its sockets are not the program's */
    SONAME_SERVES = 4,  /* it serves on threads of its own */
    SONAME_STARTS = 8,  /* it forks only to call exec */
    SONAME_RUNTIME = 16 /* it is part of the C or C++ runtime */
};

/* Has the library of this soname, or file name without directory, the role? */
bool soname_has(const char *soname, enum soname_role role);

/* Does what `soname` has before its first ".so" match the name, in which one "*" stands for anything? */
bool soname_matches(const char *soname, const char *name);

#endif
