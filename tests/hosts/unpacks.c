/* SPDX-License-Identifier: MIT */
/*
 * As a program that PyInstaller has packed into one file: unpacks [VARIABLE]. Its loader unpacks it, starts it as
 * another process, which finds the variable set (default: _MEIPASS2, of PyInstaller before 6.9), and waits for that.
 * What was packed uses dlopen.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const char *variable = argc > 1 ? argv[1] : "_MEIPASS2";
    int status = 0;
    if (getenv(variable)) {
        puts(dlopen(NULL, RTLD_LAZY) ? "unpacked" : "not opened");
        return 6;
    }
    setenv(variable, "1", 1);
    pid_t child = fork();
    if (child == 0)
        execv(argv[0], argv);
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}
