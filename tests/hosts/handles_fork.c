/* SPDX-License-Identifier: MIT */
/* Forks a child, in which the handlers of pthread_atfork must have run: prints whether they have. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int handled;

static void handle(void)
{
    handled++;
}

int main(void)
{
    pthread_atfork(NULL, NULL, handle);
    pid_t child = fork();
    if (child == 0) {
        printf("handled: %d, %s\n", handled, dlsym(RTLD_DEFAULT, "fork") ? "found" : "not found");
        return 0;
    }
    waitpid(child, NULL, 0);
    return 4;
}
