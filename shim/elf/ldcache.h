/* SPDX-License-Identifier: MIT */
/*
 * The dynamic loader's cache of where libraries are, /etc/ld.so.cache (ldconfig(8)), as bytes: read by the stage
 * `prefetch` to find files without opening them as libraries. Pure; trusts nothing that the bytes say.
 */
#ifndef GPUWARM_LDCACHE_H
#define GPUWARM_LDCACHE_H

#include <stddef.h>

/*
 * The path of the library with this soname for this machine's programs; NULL when the cache has none or is not one.
 * Points into `bytes`.
 */
const char *ldcache_find(const void *bytes, size_t size, const char *soname);

#endif
