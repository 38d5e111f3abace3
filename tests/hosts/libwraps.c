/* SPDX-License-Identifier: MIT */
/*
 * Preloaded beside ours: wraps the function that calls main, as profilers and sandboxes do, and forks in a constructor,
 * which runs before ours where it is preloaded after ours.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef void nothing(void);
typedef int program(int, char **, char **);
typedef int starts(program *, int, char **, nothing *, nothing *, nothing *, void *);

starts __libc_start_main;

int __libc_start_main(program *main, int argc, char **argv, nothing *init, nothing *fini, nothing *loader_fini,
                      void *stack_end)
{
    starts *real = (starts *)dlsym(RTLD_NEXT, "__libc_start_main");
    return real(main, argc, argv, init, fini, loader_fini, stack_end);
}

__attribute__((constructor)) static void fork_early(void)
{
    pid_t child = getenv("FORKS_EARLY") ? fork() : -1;
    if (child == 0)
        _exit(0);
    if (child > 0)
        waitpid(child, NULL, 0);
}
