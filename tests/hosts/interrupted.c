// link: exceptions
/* SPDX-License-Identifier: MIT */
/*
 * interrupted WHAT: a server in whose way something comes. WHAT: `vfork`: children of vfork that wait for its socket,
 * accept from it and end; `alarm`: a signal handler that does so, again and again, while memory is allocated and
 * libraries are loaded; `jump`: a handler that leaves the wait by siglongjmp; `unwind`: one that ends the thread.
 * Then it serves one connection.
 */
#include "asleep.h"
#include "waits.h"
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>

enum { INTERRUPTIONS = 200 };

static int listener;
static volatile sig_atomic_t handled;
static sigjmp_buf place;
static pid_t waiter_id;
static int (*count_devices)(int *count); /* answers 3 until CUDA is initialised */

static void print_cuda(const char *when)
{
    int count;
    printf("%s: cuDeviceGetCount %d\n", when, count_devices(&count));
    fflush(stdout);
}

/* All that does not wait long. */
static void wait_shortly(void)
{
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    struct timespec none = {0, 0};
    struct timeval zero = {0, 0};
    struct epoll_event event = {.events = EPOLLIN};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(listener, &set);
    poll(&polled, 1, 0);
    ppoll(&polled, 1, &none, NULL);
    select(listener + 1, &set, NULL, NULL, &zero);
    pselect(listener + 1, &set, NULL, NULL, &none, NULL);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    close(epoll);
    accept(listener, NULL, NULL);
}

static void in_child_of_vfork(bool executes)
{
    int status = -1;
    /* What must not be done in such a child is what is tested. */
    pid_t child = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
    if (child == 0) {
        wait_shortly(); /* NOLINT(clang-analyzer-unix.Vfork) */
        if (executes)
            execl("/bin/true", "true", (char *)NULL);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        printf("child: status %d\n", status);
}

static void handle_alarm(int signal)
{
    (void)signal;
    handled++;
    wait_shortly();
}

static void in_a_handler(void)
{
    const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = handle_alarm, .sa_flags = SA_RESTART}, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    while (handled < INTERRUPTIONS) {
        void *memory[32];
        for (int i = 0; i < 32; i++)
            memory[i] = malloc(100u << i % 16);
        for (int i = 0; i < 32; i++)
            free(memory[i]);
        void *library = dlopen("libm.so.6", RTLD_NOW);
        if (library)
            dlclose(library);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGALRM, SIG_DFL);
}

/* Not the type of cancellation: before glibc 2.41 a jump out of poll leaves what poll had set. */
static void print_thread(const char *what)
{
    int state;
    sigset_t mask;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    pthread_setcancelstate(state, NULL);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    printf("%s: cancel state %d, SIGUSR1 blocked %d\n", what, state, sigismember(&mask, SIGUSR1));
    fflush(stdout);
}

static void handle_jump(int signal)
{
    siglongjmp(place, signal);
}

static void handle_unwind(int signal)
{
    (void)signal;
    pthread_exit(place);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as the compiler calls it */
static void destroy(int *object)
{
    printf("object %d destroyed\n", *object);
    fflush(stdout);
}

static void *signal_waiter(void *waiter)
{
    asleep_await(getpid(), waiter_id);
    pthread_kill(*(pthread_t *)waiter, SIGUSR1);
    return NULL;
}

static void wait_and_be_signalled(void (*handler)(int))
{
    __attribute__((cleanup(destroy), unused)) int object = 5;
    pthread_t self = pthread_self(), other;
    waiter_id = asleep_self();
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handler}, NULL);
    pthread_create(&other, NULL, signal_waiter, &self);
    if (sigsetjmp(place, 1) == 0)
        waits_once("poll", listener, -1);
    print_thread("after the signal");
    pthread_join(other, NULL);
}

static void *end_by_signal(void *unused)
{
    wait_and_be_signalled(handle_unwind);
    return unused;
}

static void *connect_later(void *unused)
{
    asleep_await(getpid(), getpid());
    waits_connect();
    return unused;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    pthread_t thread;
    void *driver = dlopen("libcuda.so.1", RTLD_NOW), *ended;
    *(void **)&count_devices = dlsym(driver, "cuDeviceGetCount");
    listener = waits_listen();
    fcntl(listener, F_SETFL, O_NONBLOCK);
    if (strcmp(what, "vfork") == 0)
        for (int i = 0; i < 20; i++)
            in_child_of_vfork(i % 2);
    if (strcmp(what, "alarm") == 0)
        in_a_handler();
    alarm(25); /* ends the test, if nothing else does */
    print_cuda("before");
    if (strcmp(what, "jump") == 0)
        wait_and_be_signalled(handle_jump);
    if (strcmp(what, "unwind") == 0) {
        pthread_create(&thread, NULL, end_by_signal, NULL);
        pthread_join(thread, &ended);
        printf("ended in its handler: %d\n", ended == (void *)place);
    }
    pthread_create(&thread, NULL, connect_later, NULL);
    printf("poll %d\n", waits_once("poll", listener, -1));
    printf("accept %d\n", waits_once("accept", listener, -1) >= 0);
    pthread_join(thread, NULL);
    return 6;
}
