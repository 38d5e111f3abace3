/* SPDX-License-Identifier: MIT */
/*
 * The library executed as a program, as libc.so.6 can be: says what it is and how it is used, the one thing that it
 * ever writes to stdout. The kernel jumps here (Makefile, -e), or the dynamic loader that was given the library as a
 * command; in a process that has it preloaded nobody does.
 *
 * When the kernel jumps here, nothing was relocated and no C library is there. So: raw system calls, no function of
 * anybody else's, no pointer stored in data, and no way back.
 */
#include "base/version.h"
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __x86_64__
/* Jumped to, not called: without a return address the stack is not aligned as a function expects it. */
#define ENTERED __attribute__((force_align_arg_pointer))
#else
#define ENTERED
#endif

_Noreturn void entry_print(void);

#ifdef __x86_64__
static long system_call(long number, long first, const void *second, unsigned long third)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second), "d"(third)
                     : "rcx", "r11", "memory");
    return result;
}
#else
static long system_call(long number, long first, const void *second, unsigned long third)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register const void *x1 __asm__("x1") = second;
    register unsigned long x2 __asm__("x2") = third;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}
#endif

/* Ends with 1 where the text could not be written, all of it. */
ENTERED void entry_print(void)
{
    static const char text[] = "libgpuwarm " GPUWARM_VERSION ": makes CUDA ready before a program's first request.\n"
                               "Use: LD_PRELOAD=/usr/local/lib/libgpuwarm.so ./server\n"
                               "Documentation: README.md and docs/ in its source.\n";
    unsigned long written = 0;
    long got;
    do {
        got = system_call(SYS_write, STDOUT_FILENO, text + written, sizeof text - 1 - written);
        written += got > 0 ? (unsigned long)got : 0;
    } while (written < sizeof text - 1 && (got > 0 || got == -EINTR));
    system_call(SYS_exit_group, written < sizeof text - 1, NULL, 0);
    __builtin_trap();
}
