/* SPDX-License-Identifier: MIT */
/* See caller.h. Asked only of a call with a socket that listens, so there is nothing to remember. */
#include "caller.h"
#include "object.h"
#include "text.h"

struct search {
    ElfW(Addr) address;
    bool is_transport;
};

static int search_in(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct search *search = argument;
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_LOAD || search->address - (info->dlpi_addr + header->p_vaddr) >= header->p_memsz)
            continue;
        search->is_transport = object_is_transport(text_base_name(info->dlpi_name));
        return 1;
    }
    return 0;
}

bool caller_is_transport(const void *address)
{
    struct search search = {(ElfW(Addr))address, false};
    dl_iterate_phdr(search_in, &search);
    return search.is_transport;
}
