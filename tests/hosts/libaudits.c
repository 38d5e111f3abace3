/* SPDX-License-Identifier: MIT */
/* An audit library (rtld-audit(7)) that only lets the loader tell it things; preloaded it is one that does nothing. */
#include <link.h>

unsigned int la_version(unsigned int version)
{
    return version;
}

unsigned int la_objopen(struct link_map *map, Lmid_t name_space, uintptr_t *cookie)
{
    (void)map, (void)name_space, (void)cookie;
    return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}
