/* SPDX-License-Identifier: MIT */
/*
 * A program that has a shell run a command: starts WAY COMMAND [cuda]. WAY is how it is started: system, popen, spawn,
 * vfork. `cuda` opens the driver before, as a program does that uses CUDA itself. Prints how the shell ended, and what
 * it wrote when that goes through popen.
 */
#include <dlfcn.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int wait_for(pid_t shell)
{
    int status = -1;
    if (shell > 0)
        waitpid(shell, &status, 0);
    return status;
}

static int with_popen(const char *command)
{
    char line[256];
    FILE *output = popen(command, "r");
    while (output && fgets(line, sizeof line, output))
        printf("read: %s", line);
    return output ? pclose(output) : -1;
}

static int with_spawn(char *const *shell)
{
    pid_t child = 0;
    return posix_spawn(&child, shell[0], NULL, NULL, shell, environ) == 0 ? wait_for(child) : -1;
}

static int with_vfork(char *const *shell)
{
    pid_t child =
        vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork): as the programs that are stood for do */
    if (child == 0) {
        execve(shell[0], shell, environ);
        _exit(127);
    }
    return wait_for(child);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    char *const shell[] = {"/bin/sh", "-c", argv[2], NULL};
    int status = -1;
    if (argc > 3 && !dlopen("libcuda.so.1", RTLD_NOW))
        puts(dlerror());
    if (strcmp(argv[1], "system") == 0)
        status = system(argv[2]);
    else if (strcmp(argv[1], "popen") == 0)
        status = with_popen(argv[2]);
    else if (strcmp(argv[1], "spawn") == 0)
        status = with_spawn(shell);
    else if (strcmp(argv[1], "vfork") == 0)
        status = with_vfork(shell);
    printf("%s: %d\n", argv[1], WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return 6;
}
