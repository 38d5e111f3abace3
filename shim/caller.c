/* SPDX-License-Identifier: MIT */
/* See caller.h. Asked only of a call with a socket that listens, so there is nothing to remember. */
#include "caller.h"
#include "object.h"
#include "text.h"
#include "unlocked.h"

struct search {
    ElfW(Addr) address;
    bool (*matches)(const char *soname);
    bool found;
};

static int search_in(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct search *search = argument;
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_LOAD || search->address - (info->dlpi_addr + header->p_vaddr) >= header->p_memsz)
            continue;
        search->found = search->matches(text_base_name(info->dlpi_name));
        return 1;
    }
    return 0;
}

struct nearest {
    ElfW(Addr) address, start;
    bool (*matches)(const char *soname);
    bool found;
};

/* Objects do not overlap: the one that starts nearest before the address is the one that it is in, if any is. */
static bool near(ElfW(Addr) start, const char *path, void *argument)
{
    struct nearest *nearest = argument;
    if (start <= nearest->address && start >= nearest->start) {
        nearest->start = start;
        nearest->found = nearest->matches(text_base_name(path));
    }
    return true;
}

bool caller_matches(const void *address, bool (*matches)(const char *soname), const struct link_map *objects)
{
    struct search search = {(ElfW(Addr))address, matches, false};
    struct nearest nearest = {(ElfW(Addr))address, 0, matches, false};
    if (objects)
        unlocked_walk(objects, false, near, &nearest);
    else
        dl_iterate_phdr(search_in, &search);
    return search.found || nearest.found;
}
