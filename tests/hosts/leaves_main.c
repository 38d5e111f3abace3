// link: cuda
/* SPDX-License-Identifier: MIT */
/*
 * leaves_main [serves | returns]: the initial thread ends with pthread_exit, and another goes on when it is gone: it
 * waits for a connection, uses CUDA and ends the process; or it returns at once, and the process ends with it.
 */
#include "asleep.h"
#include "cuda/cuda_abi.h"
#include "waits.h"
#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>

static int listener;

/* A zombie, since the other thread still runs. */
static void await_end_of_initial(void)
{
    char text[512] = "";
    const char *state = NULL;
    for (int turn = 0; turn < 2000 && !(state && state[2] == 'Z'); turn++) {
        int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
        ssize_t length = read(fd, text, sizeof text - 1);
        text[length > 0 ? length : 0] = '\0';
        close(fd);
        state = strrchr(text, ')');
        usleep(5000);
    }
    printf("initial thread: %c\n", state ? state[2] : '?');
}

static void *connect_later(void *server)
{
    asleep_await(getpid(), *(pid_t *)server);
    waits_connect();
    return NULL;
}

static void serve(void)
{
    pid_t self = asleep_self();
    pthread_t client;
    pthread_create(&client, NULL, connect_later, &self);
    printf("poll %d\n", waits_once("poll", listener, -1));
    printf("accept %d\n", waits_once("accept", listener, -1) >= 0);
    pthread_join(client, NULL);
}

/* The driver's threads have come to what they wait for. */
static void await_driver(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    while (tasks && (entry = readdir(tasks))) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (thread > 0 && thread != getpid() && thread != asleep_self())
            asleep_await(getpid(), thread);
    }
    if (tasks)
        closedir(tasks);
}

static void *go_on(void *word)
{
    CUcontext context = NULL;
    await_end_of_initial();
    if (strcmp(word, "returns") == 0)
        return NULL;
    if (strcmp(word, "serves") == 0)
        serve();
    CUresult result = cuInit(0);
    printf("cuInit %d, ", result);
    printf("retain %d\n", cuDevicePrimaryCtxRetain(&context, 0));
    await_driver();
    exit(5); /* the driver's threads would keep the process */
}

static void say_at_exit(void)
{
    printf("at exit\n");
}

int main(int argc, char **argv)
{
    pthread_t other;
    alarm(25); /* ends the test, if nothing else does */
    atexit(say_at_exit);
    listener = waits_listen();
    pthread_create(&other, NULL, go_on, argc > 1 ? argv[1] : "");
    pthread_exit(NULL);
}
