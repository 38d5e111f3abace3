/* SPDX-License-Identifier: MIT */
/*
 * Prints which of the functions to wait for connections its C library has, as programs find out that were built for
 * older ones: a weak symbol, or dlsym. One that is found is taken.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

typedef void function(void);

#define HOOK(name, parameters, arguments) extern function weak_##name __asm__(#name) __attribute__((weak));
#include "interpose/hooks.def"
HOOK(epoll_pwait2, , )
#undef HOOK

static void print(const char *name, function *weak)
{
    printf("%s: %d %d\n", name, weak != NULL, dlsym(RTLD_DEFAULT, name) != NULL);
}

int main(void)
{
#define HOOK(name, parameters, arguments) print(#name, weak_##name);
#include "interpose/hooks.def"
    HOOK(epoll_pwait2, , )
#undef HOOK
    return 0;
}
