/* SPDX-License-Identifier: MIT */
/* Who called a hook, by the address that it returns to. */
#ifndef GPUWARM_CALLER_H
#define GPUWARM_CALLER_H

#include <stdbool.h>

/* Is the address in a library of transports.def? An address that is in no object is in none of those. */
bool caller_is_transport(const void *address);

/* Is it in a library of servers.def? */
bool caller_is_server(const void *address);

#endif
