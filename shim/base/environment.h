/* SPDX-License-Identifier: MIT */
/* Reading and adding environment variables without the program's heap, and without pulling anything from under it. */
#ifndef GPUWARM_ENVIRONMENT_H
#define GPUWARM_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* The value of `name` in a NULL-terminated list of "NAME=value"; NULL when it is not there or empty. */
const char *environment_get(char *const *environment, const char *name);

/*
 * The value of `name` (cut off where it is longer than some 480 bytes, or than `size`), while another thread may be
 * changing the list: setenv frees the one that it replaces (glibc before 2.41). So it is read in a way in which memory
 * that is gone is no fault (memory.h). false: not found, which may not mean that it is not there.
 */
bool environment_copy(char *const *environment, const char *name, char *value, size_t size);

/*
 * Had the parent process a variable of that name when its program started? true where that is not known; false where
 * the parent is outside of the container.
 */
bool environment_of_parent(const char *name);

/*
 * Sets `name` in the environment whose variable `environ` lies at `environment`. The new list is a copy in memory of
 * its own that is never freed or moved, so that a thread which is reading the old one goes on undisturbed; like the
 * list that the kernel made it is followed by the auxiliary vector, for programs that look for it there. Does nothing
 * when memory is short, or `environment` is NULL.
 */
void environment_set(char ***environment, const char *name, const char *value);

#endif
