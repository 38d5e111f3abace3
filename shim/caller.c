/* SPDX-License-Identifier: MIT */
/* See caller.h. Asked only of a call with a socket that listens, so there is nothing to remember. */
#include "caller.h"
#include "object.h"
#include "text.h"

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

static bool is_in(const void *address, bool (*matches)(const char *soname))
{
    struct search search = {(ElfW(Addr))address, matches, false};
    dl_iterate_phdr(search_in, &search);
    return search.found;
}

bool caller_is_transport(const void *address)
{
    return is_in(address, object_is_transport);
}

bool caller_is_server(const void *address)
{
    return is_in(address, object_is_server);
}
