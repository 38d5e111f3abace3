/* SPDX-License-Identifier: MIT */
/*
 * unusual WAY: a server that does what few do, and may. It opens a CUDA library, which makes it one that is warmed, and
 * prints what came of its own doing.
 *
 * side-forks, side-chooses: a thread waits on an epoll set of the initial one, which then forks a worker, or chooses
 * its GPU. transport: a library listens, in whose socket nobody asks for service, and the program waits there;
 * provider: so does one of libfabric's. large-set: it selects with the count of all descriptors that it may have, and a
 * set that is smaller; short-set: with one that is smaller still. unreadable: what it passes to calls that wait cannot
 * be read. coroutine: it waits on a stack from its heap; coroutine-limit: on one that was mapped, with a stack limit
 * that it raised itself. deep: it waits with little of a small stack left. nonblocking: a signal comes while it accepts
 * from a socket that does not wait. handler: a handler accepts, and another thread that listens blocks all signals.
 * standard: another thread puts a pipe in place of the standard input, which was closed. vfork: a worker starts a
 * program, and looks at the socket in the child of vfork; vfork-daemon: so does a daemon that loads CUDA and listens
 * itself. worker-loads: a process with threads forks a worker, and only that opens the library. forks-in-list,
 * accepts-in-list, fork-handlers, list-waits (without CUDA): while the list of loaded objects is gone through, children
 * are forked that poll or accept, or fork waits for what the callback waits for, or a thread is waited for. forks-late
 * (with a CUDA library that has no driver): it forks, and chooses a GPU at its end.
 */
#include "list.h"
#include "waits.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>

static int listener, epoll, pipes[2][2];
static void *driver;

static void driver_open(const char *name)
{
    driver = dlopen(name, RTLD_NOW);
    if (!driver)
        printf("%s\n", dlerror());
}

static int call(const char *name, long argument)
{
    int (*function)(long) = (int (*)(long))dlsym(driver, name);
    return function(argument);
}

static void print_devices(const char *who)
{
    int count = -1, initialised = call("cuInit", 0);
    call("cuDeviceGetCount", (long)&count);
    printf("%s: cuInit %d, devices %d\n", who, initialised, count);
}

static pthread_t beside(void *(*function)(void *))
{
    pthread_t thread;
    pthread_create(&thread, NULL, function, NULL);
    return thread;
}

static void wait_for_all_children(void)
{
    int status, hung = 0;
    while (wait(&status) > 0)
        hung += WIFSIGNALED(status);
    printf("%d children ended by a signal\n", hung);
}

/* ---- side-forks, side-chooses, transport, provider --------------------------------------------------------------- */

static void *wait_on_set(void *unused)
{
    struct epoll_event event;
    epoll_wait(epoll, &event, 1, 100);
    return unused;
}

static void choose_gpu(void)
{
    setenv("CUDA_VISIBLE_DEVICES", "1", 1);
    print_devices("chosen");
}

static void serve_aside(void)
{
    epoll = waits_epoll("epoll", listener);
    pthread_join(beside(wait_on_set), NULL);
}

static void side_forks(void)
{
    serve_aside();
    fflush(stdout);
    if (fork() == 0) {
        print_devices("worker");
        exit(0);
    }
    wait_for_all_children();
}

static void side_chooses(void)
{
    serve_aside();
    choose_gpu();
}

static void library_listens(const char *name)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 32);
    path[length] = '\0';
    strcpy(strrchr(path, '/') + 1, name);
    void *library = dlopen(path, RTLD_NOW);
    int (*store_listen)(void) = (int (*)(void))dlsym(library, "store_listen");
    struct pollfd polled = {.fd = store_listen(), .events = POLLIN};
    poll(&polled, 1, 10);
    choose_gpu();
}

static void transport(void)
{
    library_listens("libtorch_cpu.so");
}

static void provider(void)
{
    library_listens("libtcp-fi.so");
}

/* ---- large-set, short-set, unreadable ---------------------------------------------------------------------------- */

/* The last bytes before a page that cannot be read. */
static void *before_unreadable(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(pages + page, page, PROT_NONE);
    return pages + page - bytes;
}

static void large_set(void)
{
    struct rlimit limit;
    fd_set *set = before_unreadable(sizeof *set);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    FD_SET(pipes[0][0], set);
    printf("larger: %d\n", getdtablesize() > FD_SETSIZE);
    ssize_t written = write(pipes[0][1], "x", 1);
    printf("written %zd, selected %d\n", written, select(getdtablesize(), set, NULL, NULL, NULL));
}

/* The kernel reads no more of a set than its table of descriptors has: 256 at the most in a program that opened few. */
static void short_set(void)
{
    unsigned long *set = before_unreadable(256 / CHAR_BIT);
    set[0] = 1UL << pipes[0][0];
    ssize_t written = write(pipes[0][1], "x", 1);
    int selected = select(getdtablesize(), (fd_set *)(void *)set, NULL, NULL, NULL);
    printf("written %zd, selected %d\n", written, selected);
}

static void print_wait(const char *name, int result)
{
    printf("%s: %d, %s\n", name, result, result < 0 ? strerror(errno) : "");
}

static void handle_nothing(int signal)
{
    (void)signal;
}

static void unreadable(void)
{
    char *bad = (char *)before_unreadable(1) + 1;
    struct pollfd polled = {.fd = listener, .events = POLLIN}, *halves = (struct pollfd *)(void *)(bad - sizeof polled);
    struct epoll_event event;
    const struct timespec none = {0, 0};
    fd_set set, *bad_set = (fd_set *)(void *)bad;
    const sigset_t *bad_mask = (const sigset_t *)(void *)bad;
    sigset_t blocked;
    /* One that is handled and blocked: whether the call lets it in is asked of its mask. */
    signal(SIGUSR1, handle_nothing);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    FD_ZERO(&set);
    FD_SET(listener, &set);
    *halves = (struct pollfd){.fd = pipes[0][0], .events = POLLIN};
    print_wait("poll", poll((struct pollfd *)(void *)bad, 1, 0));
    print_wait("poll, half", poll(halves, 2, 0));
    print_wait("ppoll", ppoll((struct pollfd *)(void *)bad, 1, &none, NULL));
    print_wait("select", select(listener + 1, bad_set, NULL, NULL, &(struct timeval){0, 0}));
    print_wait("pselect", pselect(listener + 1, bad_set, NULL, NULL, &none, NULL));
    print_wait("select, first page", select(listener + 1, (fd_set *)1, NULL, NULL, &(struct timeval){0, 0}));
    print_wait("ppoll, mask", ppoll(&polled, 1, &none, bad_mask));
    print_wait("pselect, mask", pselect(listener + 1, &set, NULL, NULL, &none, bad_mask));
    print_wait("epoll_pwait, mask", epoll_pwait(waits_epoll("epoll", listener), &event, 1, 0, bad_mask));
}

/* ---- coroutine --------------------------------------------------------------------------------------------------- */

#define COROUTINE_BYTES ((size_t)16384)
static ucontext_t initial, coroutine;

static void coroutine_run(void)
{
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    poll(&polled, 1, 10);
    swapcontext(&coroutine, &initial);
}

/* Far less than a warm-up takes, and below it memory of the program's. */
static void coroutine_waits_on(void *stack, const char *below)
{
    getcontext(&coroutine);
    coroutine.uc_stack = (stack_t){.ss_sp = stack, .ss_size = COROUTINE_BYTES};
    makecontext(&coroutine, coroutine_run, 0);
    swapcontext(&initial, &coroutine);
    int changed = 0;
    for (size_t i = 0; i < COROUTINE_BYTES; i++)
        changed += below[i] != 1;
    printf("changed: %d\n", changed);
}

static void coroutine_waits(void)
{
    char *below = malloc(COROUTINE_BYTES), *stack = malloc(COROUTINE_BYTES);
    if (!below || !stack)
        abort();
    memset(below, 1, COROUTINE_BYTES);
    coroutine_waits_on(stack, below);
    free(stack);
    free(below);
}

/* As much as it is given, or what reaches from the stack over all that is mapped below it, but not to the heap. */
static void raise_stack_limit(void)
{
    const rlim_t wanted = (rlim_t)4 << 40;
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    setrlimit(RLIMIT_STACK, &limit);
}

static void coroutine_waits_under_a_raised_limit(void)
{
    char *pages = mmap(NULL, 2 * COROUTINE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(pages, 1, 2 * COROUTINE_BYTES);
    raise_stack_limit();
    coroutine_waits_on(pages + COROUTINE_BYTES, pages);
}

/* What is left is enough for the library to say that it is too little. */
static void deep(void)
{
    enum { LIMIT_BYTES = 1 << 20, LEFT_BYTES = 160 << 10 };
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    volatile char used[LIMIT_BYTES - LEFT_BYTES] = "";
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    limit.rlim_cur = LIMIT_BYTES;
    setrlimit(RLIMIT_STACK, &limit);
    for (size_t i = 0; i < sizeof used; i++)
        used[i] = 1;
    poll(&polled, 1, 10);
    printf("used: %d\n", used[0] + used[sizeof used - 1]);
}

/* ---- nonblocking, handler ---------------------------------------------------------------------------------------- */

static void nonblocking(void)
{
    struct itimerval timer = {.it_value = {0, 100000}};
    fcntl(listener, F_SETFL, O_NONBLOCK);
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = handle_nothing}, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    for (int i = 0; i < 50; i++, usleep(5000))
        if (accept(listener, NULL, NULL) < 0 && errno != EAGAIN)
            printf("accept: %s\n", strerror(errno));
}

static void *listen_unsignalled(void *unused)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    listen(socket(AF_INET, SOCK_STREAM, 0), 1);
    return unused;
}

static void accept_one(int signal)
{
    (void)signal;
    printf("accepted: %d\n", accept(listener, NULL, NULL) >= 0);
}

static void handler(void)
{
    pthread_join(beside(listen_unsignalled), NULL);
    sigaction(SIGIO, &(struct sigaction){.sa_handler = accept_one, .sa_flags = SA_RESTART}, NULL);
    waits_connect();
    raise(SIGIO);
}

/* ---- standard, vfork --------------------------------------------------------------------------------------------- */

static void *put_in_place(void *unused)
{
    usleep(100000);
    dup2(pipes[0][0], 0);
    return unused;
}

static void standard(void)
{
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    close(0);
    pthread_t other = beside(put_in_place);
    poll(&polled, 1, 10);
    pthread_join(other, NULL);
    printf("0 is open: %d\n", fcntl(0, F_GETFD) >= 0);
}

static void child_starts(bool loads)
{
    fflush(stdout);
    if (fork() == 0) {
        if (loads) {
            driver_open("libcuda.so.1");
            listener = waits_listen();
        }
        struct pollfd polled = {.fd = listener, .events = POLLIN};
        pid_t child = vfork(); /* NOLINT: that is what is tried */
        if (child == 0) {
            poll(&polled, 1, 1); /* NOLINT */
            _exit(0);
        }
        waitpid(child, NULL, 0);
        print_devices("worker");
        exit(0);
    }
    wait_for_all_children();
}

static void worker_starts(void)
{
    child_starts(false);
}

static void daemon_starts(void)
{
    child_starts(true);
}

/* ---- forks-in-list, list-waits, forks-late ----------------------------------------------------------------------- */

static void forks_in_list(void)
{
    struct pollfd none = {.fd = -1};
    beside(list_walk);
    for (int i = 0; i < 20; i++, usleep(1000))
        if (fork() == 0) {
            alarm(10);
            poll(&none, 1, 1);
            _exit(0);
        }
    wait_for_all_children();
}

static void *answer(void *unused)
{
    char byte;
    struct pollfd none = {.fd = -1};
    while (read(pipes[0][0], &byte, 1) == 1 && poll(&none, 1, 0) == 0 && write(pipes[1][1], &byte, 1) == 1)
        ;
    return unused;
}

static void accepts_in_list(void)
{
    beside(list_walk);
    for (int i = 0; i < 20; i++) {
        if (fork() == 0) {
            alarm(10);
            _exit(accept(listener, NULL, NULL) < 0);
        }
        waits_connect();
    }
    wait_for_all_children();
}

static pthread_mutex_t of_program = PTHREAD_MUTEX_INITIALIZER;

static void lock(void)
{
    pthread_mutex_lock(&of_program);
}

static void unlock(void)
{
    pthread_mutex_unlock(&of_program);
}

static int lock_in_callback(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)info, (void)size, (void)unused;
    lock();
    unlock();
    return 0;
}

static void fork_handlers(void)
{
    pthread_atfork(lock, unlock, unlock);
    list_visit = lock_in_callback;
    beside(list_walk);
    alarm(20);
    for (int i = 0; i < 300; i++) {
        if (fork() == 0)
            _exit(0);
        wait(NULL);
    }
    printf("forked\n");
}

static void *wait_for_ever(void *unused)
{
    pause();
    return unused;
}

static void worker_loads(void)
{
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    beside(wait_for_ever);
    poll(&polled, 1, 1);
    fflush(stdout);
    if (fork() == 0) {
        poll(&polled, 1, 1);
        driver_open("libcuda.so.1");
        poll(&polled, 1, 1);
        print_devices("worker");
        fflush(stdout);
        _exit(0);
    }
    wait_for_all_children();
}

static int ask(struct dl_phdr_info *info, size_t size, void *count)
{
    char byte = 'x';
    (void)info, (void)size;
    *(int *)count += write(pipes[0][1], &byte, 1) == 1 && read(pipes[1][0], &byte, 1) == 1;
    return 1;
}

static void list_waits(void)
{
    int answered = 0;
    beside(answer);
    alarm(10);
    for (int i = 0; i < 20; i++)
        dl_iterate_phdr(ask, &answered);
    printf("answered: %d\n", answered);
}

static void forks_late(void)
{
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    poll(&polled, 1, 10);
    if (fork() == 0) {
        poll(&polled, 1, 10);
        _exit(0);
    }
    wait_for_all_children();
    setenv("CUDA_VISIBLE_DEVICES", "1", 1);
}

static const struct {
    const char *name, *library;
    void (*run)(void);
} ways[] = {
    {"side-forks", "libcuda.so.1", side_forks},
    {"side-chooses", "libcuda.so.1", side_chooses},
    {"transport", "libcuda.so.1", transport},
    {"provider", "libcuda.so.1", provider},
    {"large-set", "libcuda.so.1", large_set},
    {"coroutine", "libcuda.so.1", coroutine_waits},
    {"nonblocking", "libcuda.so.1", nonblocking},
    {"handler", "libcuda.so.1", handler},
    {"standard", "libcuda.so.1", standard},
    {"vfork", "libcuda.so.1", worker_starts},
    {"vfork-daemon", NULL, daemon_starts},
    {"forks-in-list", NULL, forks_in_list},
    {"accepts-in-list", NULL, accepts_in_list},
    {"fork-handlers", NULL, fork_handlers},
    {"worker-loads", NULL, worker_loads},
    {"list-waits", NULL, list_waits},
    {"forks-late", "libcublas.so.13", forks_late},
    {"deep", "libcuda.so.1", deep},
    {"coroutine-limit", "libcuda.so.1", coroutine_waits_under_a_raised_limit},
    {"short-set", "libcuda.so.1", short_set},
    {"unreadable", "libcuda.so.1", unreadable},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (argc < 2 || strcmp(argv[1], ways[i].name) != 0)
            continue;
        if (ways[i].library)
            driver_open(ways[i].library);
        if (pipe(pipes[0]) != 0 || pipe(pipes[1]) != 0)
            return 1;
        listener = ways[i].run == transport || ways[i].run == provider ? -1 : waits_listen();
        ways[i].run();
        return 4;
    }
    return 1;
}
