/* SPDX-License-Identifier: MIT */
/*
 * Included in front of every file of the library (Makefile): the symbols of glibc that would else be asked for in a
 * newer version than the architecture's first. One version is all that the library may ask for, since each further one
 * costs a search at the start of every process, and one that an older glibc lacks is fatal to every process there. The
 * older realpath differs only where its second argument is NULL; the older memcpy is memmove. tests/e2e/library.c
 * looks at the outcome.
 */
#ifdef __x86_64__
__asm__(".symver memcpy, memcpy@GLIBC_2.2.5");
__asm__(".symver realpath, realpath@GLIBC_2.2.5");
#endif
