/* SPDX-License-Identifier: MIT */
/* Who called a hook, by the address that it returns to. */
#ifndef GPUWARM_CALLER_H
#define GPUWARM_CALLER_H

#include <link.h>
#include <stdbool.h>

/*
 * Is the address in a library whose name matches (object_is_transport, object_is_server)? An address that is in no
 * object is in none of those. With `objects`, the executable's and what follows, the loader's lock is not taken
 * (unlocked.h).
 */
bool caller_matches(const void *address, bool (*matches)(const char *soname), const struct link_map *objects);

#endif
