/* SPDX-License-Identifier: MIT */
/*
 * What the library needs of the C library beyond ordinary functions, found by name in the loaded objects and not
 * imported: an import of a variable, or one that may be missing, is looked up by the dynamic loader at the start of
 * every process, and most processes of a tree are never warmed. Before glibc 2.34 dlopen and its like live in libdl,
 * which many programs do not load.
 */
#ifndef GPUWARM_LIBC_H
#define GPUWARM_LIBC_H

#include <link.h>
#include <stdbool.h>

struct libc {
    char ***environment; /* the address of `environ`; NULL: there is none */
    /* dlopen(3) and its like as the program's own calls reach them; all NULL where one is missing. */
    void *(*open)(const char *name, int flags);
    void *(*symbol)(void *handle, const char *name);
    char *(*error)(void);
    int (*close)(void *handle);
    /* What pthread_atfork(3) calls, which is no function of the shared library (glibc, nptl/pthread_atfork.c). */
    int (*at_fork)(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *object);
    /* "true only if the process is single-threaded" (glibc manual, Single-Threaded Optimization); NULL before 2.32. */
    const char *single_threaded;
};

/* false when this is not glibc: musl, whose loader differs in what it passes and promises. */
bool libc_find(const struct link_map *objects, struct libc *libc);

#endif
