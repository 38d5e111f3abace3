// link: exceptions
/* SPDX-License-Identifier: MIT */
/*
 * cancelled WAY WHEN [initial] [asynchronous]: a thread waits for connections and another cancels it. WHEN: `before` it
 * waits (the request is pending when it comes there), `during` the wait, `after` it has served once. With `initial` it
 * is the initial thread that waits. Prints what the cancelled thread finds in its cleanup handlers, those of
 * pthread_cleanup_push and those that a C++ destructor would be.
 */
#include "asleep.h"
#include "waits.h"
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

static const char *way, *when;
static int listener, asynchronous;
static pthread_t waiter;
static pid_t waiter_id;
static pthread_barrier_t started, reached;

static bool is(const char *word)
{
    return strcmp(when, word) == 0;
}

static void print_state(const char *what)
{
    int state, type;
    sigset_t mask;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    printf("%s: cancel state %d, type %d, SIGTERM blocked %d\n", what, state, type, sigismember(&mask, SIGTERM));
    fflush(stdout);
    pthread_setcanceltype(type, NULL);
    pthread_setcancelstate(state, NULL);
}

static void cleanup(void *what)
{
    print_state(what);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as the compiler calls it */
static void destroy(int *object)
{
    printf("object %d destroyed\n", *object);
    fflush(stdout);
}

static void wait_to_be_cancelled(void)
{
    __attribute__((cleanup(destroy), unused)) int object = 5;
    int epoll = waits_epoll(way, listener);
    if (strcmp(way, "epoll") == 0 && !asynchronous)
        print_state("in the set"); /* epoll_ctl is no point of cancellation */
    if (is("after")) {
        int got = waits_once(way, listener, epoll),
            fd = strncmp(way, "accept", 6) == 0 ? got : accept(listener, NULL, NULL);
        printf("served %d\n", got >= 0 && fd >= 0);
        pthread_barrier_wait(&reached);
    }
    waits_once(way, listener, epoll);
    printf("not cancelled\n");
}

static void *wait_here(void *unused)
{
    int state;
    waiter_id = asleep_self();
    signal(SIGTERM, _exit);
    pthread_cleanup_push(cleanup, "cleanup");
    if (asynchronous)
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    pthread_barrier_wait(&started);
    if (is("before"))
        pthread_barrier_wait(&reached);
    pthread_setcancelstate(state, NULL);
    wait_to_be_cancelled();
    pthread_cleanup_pop(0);
    return unused;
}

static void *cancel(void *unused)
{
    void *result = NULL;
    int client = -1;
    pthread_barrier_wait(&started);
    if (is("after")) {
        client = waits_connect();
        pthread_barrier_wait(&reached);
    }
    if (!is("before"))
        asleep_await(getpid(), waiter_id);
    pthread_cancel(waiter);
    if (is("before"))
        pthread_barrier_wait(&reached);
    pthread_join(waiter, &result);
    close(client);
    printf("%s\n", result == PTHREAD_CANCELED ? "cancelled" : "ended");
    exit(5);
    return unused;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 1;
    bool initial = false;
    way = argv[1];
    when = argv[2];
    for (int i = 3; i < argc; i++) {
        initial |= strcmp(argv[i], "initial") == 0;
        asynchronous |= strcmp(argv[i], "asynchronous") == 0;
    }
    alarm(25); /* ends the test, if nothing else does */
    dlopen("libcuda.so.1", RTLD_NOW);
    listener = waits_listen();
    pthread_barrier_init(&started, NULL, 2);
    pthread_barrier_init(&reached, NULL, 2);
    pthread_t other;
    waiter = pthread_self();
    pthread_create(initial ? &other : &waiter, NULL, initial ? cancel : wait_here, NULL);
    if (initial)
        wait_here(NULL);
    else
        cancel(NULL);
    return 2;
}
