/* SPDX-License-Identifier: MIT */
/* For hosts of which a thread goes through the loader's list of objects all the time, and mostly holds its lock. */
#ifndef HOSTS_LIST_H
#define HOSTS_LIST_H

#include <link.h>
#include <stddef.h>

static inline int list_take_time(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)info, (void)size, (void)unused;
    for (volatile int i = 0; i < 2000; i++)
        ;
    return 0;
}

/* What is called for each object. */
static int (*list_visit)(struct dl_phdr_info *, size_t, void *) = list_take_time;

/* Of a thread; never returns. */
static inline void *list_walk(void *unused)
{
    for (;;)
        dl_iterate_phdr(list_visit, unused);
    return unused;
}

#endif
