/* SPDX-License-Identifier: MIT */
/* Runs a program under another name, as `exec -a NAME PROGRAM ARGUMENTS` does in a shell. */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    char *program = argv[2];
    argv[2] = argv[1];
    execv(program, argv + 2);
    perror(program);
    return 127;
}
