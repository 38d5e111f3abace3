/* SPDX-License-Identifier: MIT */
/*
 * A program that shows what its own start could have changed, and ends with 5. Built in every way that a program can
 * be: with musl, static, 32-bit, set-uid, without libdl. `shows mapped` says whether the library is in the process, so
 * that a test in which it never was is noticed. It uses what every C library has and no CUDA.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static int is_mapped(const char *library)
{
    char line[4096];
    int found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        found |= strstr(line, library) != NULL;
    if (maps)
        fclose(maps);
    return found;
}

static int blocked_count(void)
{
    sigset_t mask;
    int count = 0;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int signal = 1; signal < 32; signal++)
        count += sigismember(&mask, signal) == 1;
    return count;
}

static int descriptor_count(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += dup2(fd, fd) == fd;
    return count;
}

int main(int argc, char **argv)
{
    int seen = errno;
    if (argc > 1 && strcmp(argv[1], "mapped") == 0) {
        puts(is_mapped("libgpuwarm.so") ? "mapped" : "not mapped");
        return 5;
    }
    printf("errno %d, secure %d, uid %d, euid %d\n", seen, getauxval(AT_SECURE) != 0, (int)getuid(), (int)geteuid());
    printf("%d signals blocked, %d descriptors\n", blocked_count(), descriptor_count());
    for (int i = 1; i < argc; i++)
        printf("argument %s\n", argv[i]);
    for (char **entry = environ; *entry; entry++)
        if (strncmp(*entry, "LD_PRELOAD=", 11) != 0)
            printf("env %s\n", *entry);
    fputs("to standard error\n", stderr);
    return 5;
}
