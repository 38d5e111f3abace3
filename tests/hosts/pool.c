/* SPDX-License-Identifier: MIT */
/*
 * pool [WORD...]: opens the driver and forks workers that use CUDA. `thread`: a thread is there by then, for which
 * glibc 2.28 to 2.35 hold a lock while they run fork handlers. `cancelled`: a thread forks them whose cancellation was
 * asked for before; fork is no point of cancellation, in the child neither. `daemon`: it becomes a daemon first.
 * `library`: it has opened no driver, and the workers do. `asynchronous`: its thread may be cancelled at any point.
 * `handler`: a signal handler forks them, which may have interrupted anything.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 4, WORKS = 5 };

static void *driver;
static pthread_barrier_t asked;

/* NOLINTBEGIN(bugprone-signal-handler): what is not made for a signal handler is what is tried in one */
/* Its first use of the driver. */
static int work(void)
{
    void *context, *opened = driver ? driver : dlopen("libcuda.so.1", RTLD_NOW);
    int (*init)(unsigned) = (int (*)(unsigned))dlsym(opened, "cuInit");
    int (*retain)(void **, int) = (int (*)(void **, int))dlsym(opened, "cuDevicePrimaryCtxRetain");
    return init(0) == 0 && retain(&context, 0) == 0 ? WORKS : 1;
}

/* A worker that waits for ever is ended by its alarm. */
static void *workers_make(void *unused)
{
    for (int i = 0; i < WORKERS; i++)
        if (fork() == 0) {
            pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
            alarm(10);
            _exit(work());
        }
    return unused;
}

/* NOLINTEND(bugprone-signal-handler) */

static void *sleep_long(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void *workers_make_cancelled(void *unused)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_barrier_wait(&asked);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    return workers_make(unused);
}

static void cancelled(void)
{
    pthread_t thread;
    pthread_barrier_init(&asked, NULL, 2);
    pthread_create(&thread, NULL, workers_make_cancelled, NULL);
    pthread_cancel(thread);
    pthread_barrier_wait(&asked);
    pthread_join(thread, NULL);
}

static void handle(int signal)
{
    (void)signal;
    workers_make(NULL);
}

static bool has(char **words, const char *word)
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    int status, worked = 0;
    (void)argc;
    driver = has(argv, "library") ? NULL : dlopen("libcuda.so.1", RTLD_NOW);
    if (has(argv, "daemon") && daemon(1, 1) != 0)
        return 1;
    if (has(argv, "thread"))
        pthread_create(&thread, NULL, sleep_long, NULL);
    if (has(argv, "asynchronous"))
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    if (has(argv, "cancelled"))
        cancelled();
    else if (has(argv, "handler"))
        raise(signal(SIGUSR1, handle) == SIG_ERR ? SIGKILL : SIGUSR1);
    else
        workers_make(NULL);
    while (wait(&status) > 0)
        worked += WIFEXITED(status) && WEXITSTATUS(status) == WORKS;
    printf("%d workers use CUDA\n", worked);
    return 4;
}
