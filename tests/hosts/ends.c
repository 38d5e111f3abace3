// link: cuda
/* SPDX-License-Identifier: MIT */
/*
 * ends HOW WHEN: a program that ends in one of the ways there are at one of the points there are. HOW: exit,
 * _exit, quick_exit, abort, terminate (SIGTERM), return. WHEN: in its `constructor`, in `main`, `waiting` for
 * connections on the initial thread while another ends the process, in the `handler` of a signal that comes then,
 * `after` the wait, in an `atexit` handler, or `never`: it sleeps. What it prints last is left in stdio's buffer.
 */
#include "asleep.h"
#include "cuda/cuda_abi.h"
#include "waits.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

static const char *how = "return", *when = "main";
static int at_exit;

static void end(void)
{
    printf("ends by %s, %s\n", how, when);
    if (strcmp(how, "exit") == 0)
        exit(9);
    if (strcmp(how, "_exit") == 0)
        _exit(9);
    if (strcmp(how, "quick_exit") == 0)
        quick_exit(9);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "terminate") == 0)
        kill(getpid(), SIGTERM);
}

static void reached(const char *point)
{
    if (strcmp(when, point) == 0)
        end();
}

static void say_at_exit(void)
{
    printf("at exit\n");
    if (at_exit++ == 0)
        reached("atexit");
}

static void say_at_quick_exit(void)
{
    printf("at quick exit\n");
    fflush(stdout);
}

static void handle(int signal)
{
    (void)signal;
    reached("handler");
}

static void *end_another(void *initial)
{
    asleep_await(getpid(), getpid());
    if (strcmp(when, "handler") == 0)
        pthread_kill(*(pthread_t *)initial, SIGUSR1);
    else if (strcmp(when, "waiting") == 0)
        end();
    else
        waits_connect();
    return NULL;
}

__attribute__((constructor)) static void construct(int argc, char **argv)
{
    how = argc > 1 ? argv[1] : "return";
    when = argc > 2 ? argv[2] : "main";
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    alarm(25); /* ends the test, if nothing else does */
    atexit(say_at_exit);
    (void)at_quick_exit(say_at_quick_exit);
    reached("constructor");
}

__attribute__((destructor)) static void destroy(void)
{
    printf("destructor\n");
}

int main(void)
{
    int count = 0;
    reached("main");
    if (strcmp(when, "main") == 0)
        return 9;
    if (strcmp(when, "never") == 0)
        pause();
    pthread_t initial = pthread_self(), other;
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handle}, NULL);
    int listener = waits_listen();
    pthread_create(&other, NULL, end_another, &initial);
    waits_once("poll", listener, -1);
    reached("after");
    printf("cuDeviceGetCount is there: %d\n", cuDeviceGetCount(&count) >= 0);
    return 9;
}
