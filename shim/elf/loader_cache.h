/* SPDX-License-Identifier: MIT */
/*
 * The dynamic loader's cache of where libraries are, /etc/ld.so.cache (ldconfig(8)), as bytes: read by the stage
 * `prefetch` to find files without opening them as libraries. Pure; trusts nothing that the bytes say.
 */
#ifndef GPUWARM_LOADER_CACHE_H
#define GPUWARM_LOADER_CACHE_H

#include <stddef.h>

/*
 * The path of the library with this soname for this machine's programs; NULL when the cache has none or is not one.
 * Points into `bytes`.
 */
const char *loader_cache_find(const void *bytes, size_t size, const char *soname);

#endif
