// link: cuda
/* SPDX-License-Identifier: MIT */
/*
 * records FILE STEP...: keeps records in a file, as a database does, and gives libgpuwarm something to say: it sets
 * CUDA_VISIBLE_DEVICES itself, and serves. Steps, in the order given: `close:N` closes a descriptor, `open` opens the
 * file, which gets the lowest free one, `put:N` puts it on that one too, `cuda` uses CUDA, `serve` comes to wait for
 * connections, `fork` goes on in a child, `record` writes "RECORD\n".
 */
#include "cuda/cuda_abi.h"
#include "waits.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static int file = -1;

static int fork_and_wait(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        return 0;
    waitpid(child, &status, 0);
    exit(WEXITSTATUS(status));
}

static int step(const char *name, const char *path)
{
    const char *number = strchr(name, ':');
    if (strncmp(name, "close:", 6) == 0)
        return close(atoi(number + 1));
    if (strncmp(name, "put:", 4) == 0)
        return dup2(file, atoi(number + 1));
    if (strcmp(name, "open") == 0)
        return file = open(path, O_RDWR | O_CREAT | O_APPEND, 0644);
    if (strcmp(name, "cuda") == 0)
        return setenv("CUDA_VISIBLE_DEVICES", "0", 1) + (int)cuInit(0);
    if (strcmp(name, "serve") == 0)
        return waits_polling("poll", waits_listen(), 0, NULL);
    if (strcmp(name, "fork") == 0)
        return fork_and_wait();
    return write(file, "RECORD\n", 7) == 7 ? 0 : -1;
}

int main(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        int result = step(argv[i], argv[1]);
        printf("%s: %s\n", argv[i], result < 0 ? "failed" : result == 2 ? "on 2" : "done");
        fflush(stdout);
    }
    return 6;
}
