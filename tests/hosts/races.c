/* SPDX-License-Identifier: MIT */
/*
 * races WHAT [itself | ends]: a server whose other thread does something else all the time. WHAT: `setenv` sets
 * variables, more and more of them; `plugins` opens a library whose constructor initialises CUDA, and closes it, often.
 * With `itself` the program makes its first CUDA calls where it comes to wait; with `ends` it ends there.
 */
#include "waits.h"
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { VARIABLES = 2000, PLUGINS = 500 };

static atomic_int turns;
static char plugin[4096];

static void *set_variables(void *unused)
{
    for (;;)
        for (int i = 0; i < VARIABLES; i++) {
            char name[32];
            snprintf(name, sizeof name, "VARIABLE_%d", i);
            if (turns++ < VARIABLES)
                setenv(name, "some value", 1);
            else
                unsetenv(name);
            if (turns > 2 * VARIABLES)
                turns = 1;
        }
    return unused;
}

static void *open_plugins(void *unused)
{
    for (int i = 0; i < PLUGINS; i++) {
        void *library = dlopen(plugin, RTLD_NOW);
        if (library)
            dlclose(library);
    }
    return unused;
}

static int call(void *driver, const char *name, void *first, const void *second)
{
    int (*function)(void *, const void *) = (int (*)(void *, const void *))dlsym(driver, name);
    return function(first, second);
}

/* What a first use of CUDA does, in the way of the runtime that is linked statically: it opens the driver itself. */
static void use_cuda(void)
{
    static const char ptx[] = ".version 6.0\n.target sm_50\n.address_size 64\n.visible .entry empty()\n{\nret;\n}\n";
    void *driver = dlopen("libcuda.so.1", RTLD_NOW), *context = NULL, *module;
    if (call(driver, "cuInit", NULL, NULL) != 0 || call(driver, "cuDevicePrimaryCtxRetain", &context, NULL) != 0 ||
        call(driver, "cuCtxPushCurrent_v2", context, NULL) != 0 || call(driver, "cuModuleLoadData", &module, ptx) != 0)
        printf("no CUDA\n");
}

static void *connect_now(void *unused)
{
    waits_connect();
    return unused;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 1;
    bool itself = argc > 2 && strcmp(argv[2], "itself") == 0, ends = argc > 2 && strcmp(argv[2], "ends") == 0;
    pthread_t thread, client;
    /* A deadlock ends here, which only the loader and the driver can come to. */
    alarm(strcmp(argv[1], "plugins") == 0 ? 2 : 25);
    snprintf(plugin, sizeof plugin, "%.*slibplugin.so", (int)(strrchr(argv[0], '/') + 1 - argv[0]), argv[0]);
    if (!dlopen("libcuda.so.1", RTLD_NOW))
        return 1;
    int listener = waits_listen();
    pthread_create(&thread, NULL, strcmp(argv[1], "setenv") == 0 ? set_variables : open_plugins, NULL);
    while (strcmp(argv[1], "setenv") == 0 && turns < VARIABLES / 2)
        sched_yield();
    if (ends) {
        printf("poll 1\n");
        exit(5);
    }
    pthread_create(&client, NULL, connect_now, NULL);
    if (itself)
        use_cuda();
    int ready = waits_once("poll", listener, -1);
    printf("poll %d\n", ready);
    fflush(stdout);
    _exit(5);
}
