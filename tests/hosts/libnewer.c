/* SPDX-License-Identifier: MIT */
/*
 * A library that asks for a symbol which not every glibc has: memfd_create came with 2.27. The build must refuse to
 * link the like (shim/loadable.sh).
 */
#include <sys/mman.h>

int newer_call(void);

int newer_call(void)
{
    return memfd_create("newer", MFD_CLOEXEC);
}
