/* SPDX-License-Identifier: MIT */
/* Libraries that lack functions: copies in which the functions' names are spoiled. */
#ifndef E2E_SPOIL_H
#define E2E_SPOIL_H

/*
 * Copies a library of the build folder ("simcuda/libcuda.so.1") into `folder`, which is made, under its own name. It
 * has no function of these names (NULL-terminated) any more.
 */
void spoil_copy(const char *library, const char *folder, const char *const *lacking);

#endif
