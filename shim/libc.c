/* SPDX-License-Identifier: MIT */
/*
 * See libc.h. The references are weak, and bound with .symver to the oldest version of the symbol, which every glibc
 * provides in whichever library has it; the linker would otherwise ask for GLIBC_2.34. musl ignores versions. Built
 * with an older glibc they have no version, since libdl, which would know it, must not be linked: the loader then takes
 * the oldest.
 */
#include "libc.h"
#include <dlfcn.h>
#include <stddef.h>

#if defined __x86_64__
#define OLDEST "GLIBC_2.2.5"
#elif defined __aarch64__
#define OLDEST "GLIBC_2.17"
#else
#error "state the oldest glibc symbol version of this architecture"
#endif

#if __GLIBC_PREREQ(2, 34)
__asm__(".symver dlopen, dlopen@" OLDEST);
__asm__(".symver dlsym, dlsym@" OLDEST);
__asm__(".symver dlerror, dlerror@" OLDEST);
#endif
#pragma weak dlopen
#pragma weak dlsym
#pragma weak dlerror

extern const char *gnu_get_libc_version(void) __attribute__((weak));

/*
 * glibc's headers declare some of these as never null, from which a compiler concludes that a comparison is constant;
 * an address laundered through a volatile is compared at run time.
 */
static bool is_there(void (*function)(void))
{
    void (*volatile address)(void) = function;
    return address != NULL;
}

bool libc_is_glibc(void)
{
    return is_there((void (*)(void))gnu_get_libc_version);
}

bool libc_can_open(void)
{
    return is_there((void (*)(void))dlopen) && is_there((void (*)(void))dlsym) && is_there((void (*)(void))dlerror);
}

void *libc_open(const char *name)
{
    return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

void *libc_symbol(void *handle, const char *name)
{
    return dlsym(handle, name);
}

const char *libc_open_error(void)
{
    const char *error = dlerror();
    return error ? error : "unknown error";
}
