/* SPDX-License-Identifier: MIT */
/*
 * The list of loaded objects without the loader's lock. In a child of fork that lock may be held for ever, by a thread
 * of the parent that was in dl_iterate_phdr (it runs the program's callback with the lock held), and glibc leaves it
 * so.
 */
#ifndef GPUWARM_UNLOCKED_H
#define GPUWARM_UNLOCKED_H

#include <link.h>
#include <stdbool.h>

/* An object's address and the path it was loaded from; false ends the walk. */
typedef bool unlocked_visit(ElfW(Addr) address, const char *path, void *argument);

/*
 * Goes through the objects from this one on; gives the last that it came to. `alone`: there is no other thread, as in
 * the child before fork returns. Else another one may be changing the list: it is read by process_vm_readv(2), for
 * which memory that is gone is an error and no fault, and a path is cut after 511 bytes.
 */
const struct link_map *unlocked_walk(const struct link_map *objects, bool alone, unlocked_visit *visit, void *argument);

/* Has nothing been loaded after this one, the last of a walk? */
bool unlocked_is_last(const struct link_map *object);

#endif
