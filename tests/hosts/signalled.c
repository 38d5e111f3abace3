/* SPDX-License-Identifier: MIT */
/*
 * signalled WAY CAUSE [WORD...]: a server that has a handler for a signal and waits once, and prints what came of it.
 * CAUSE: `helper`: SIGCHLD, of a process that is not its own; `own`: of a child that ends when it finds the server
 * asleep, in its wait or in the driver; `stopped`: of one that stops then; `unwaited`: `own` with SA_NOCLDWAIT;
 * `profiled`, `virtual`, `timer`: SIGPROF or SIGVTALRM, of timers that run by processor time; `killed`: SIGPROF that a
 * child sends when it finds the server asleep; `before`: SIGCHLD of a child that was waited for before, while it
 * was blocked. Where nothing of its own interrupts the wait a client connects when it finds it asleep.
 * Words: `restart`: the handler has SA_RESTART; then it connects where something interrupts. `masked`: the signal is
 * blocked but in the wait (ppoll, pselect, epoll_pwait). `tells`: prints whether the handler ran, and what it was told.
 */
#include "asleep.h"
#include "waits.h"
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static const char *cause = "helper";
static bool restarts, is_masked, tells;
static volatile sig_atomic_t handled, code, value;

static bool is_caused_by(const char *name)
{
    return strcmp(cause, name) == 0;
}

/* By something of the program's own: no client connects. */
static bool is_interrupted(void)
{
    return is_caused_by("own") || is_caused_by("stopped") || is_caused_by("unwaited") || is_caused_by("killed") ||
           is_caused_by("before");
}

static void handle(int signal, siginfo_t *info, void *context)
{
    int saved = errno;
    (void)context;
    handled = signal;
    code = info->si_code;
    value = info->si_value.sival_int;
    while (signal == SIGCHLD && waitpid(-1, NULL, WNOHANG) > 0)
        ;
    if (restarts && is_interrupted())
        waits_connect();
    errno = saved;
}

static int signal_of_cause(void)
{
    return is_caused_by("virtual")                                                       ? SIGVTALRM
           : is_caused_by("profiled") || is_caused_by("timer") || is_caused_by("killed") ? SIGPROF
                                                                                         : SIGCHLD;
}

/* Less than SIMCUDA_CPU_MS, and far more than a program takes before it waits. */
static void start_timer(int signal)
{
    const struct itimerval interval = {{0, 50000}, {0, 50000}};
    const struct itimerspec specified = {{0, 50000000}, {0, 50000000}};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal, .sigev_value.sival_int = 7};
    timer_t timer;
    if (is_caused_by("profiled"))
        setitimer(ITIMER_PROF, &interval, NULL);
    if (is_caused_by("virtual"))
        setitimer(ITIMER_VIRTUAL, &interval, NULL);
    if (is_caused_by("timer") && timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) == 0)
        timer_settime(timer, 0, &specified, NULL);
}

static void child_run(void)
{
    alarm(25);
    if (!is_caused_by("before"))
        asleep_await(getppid(), getppid());
    if (is_caused_by("killed"))
        kill(getppid(), SIGPROF);
    if (is_caused_by("stopped"))
        raise(SIGSTOP);
    if (!is_interrupted())
        waits_connect();
    if (!is_interrupted() || is_caused_by("killed"))
        pause(); /* its end would be a signal too */
    _exit(0);
}

/* Blocks the signal, where that is to be; gives what is let in while it waits. */
static sigset_t signal_prepare(int signal)
{
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    sigset_t blocked, before;
    action.sa_flags |= restarts ? SA_RESTART : 0;
    action.sa_flags |= is_caused_by("unwaited") ? SA_NOCLDWAIT : 0;
    sigaction(signal, &action, NULL);
    sigemptyset(&blocked);
    sigaddset(&blocked, signal);
    sigprocmask(is_masked ? SIG_BLOCK : SIG_UNBLOCK, &blocked, &before);
    return before;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "accept";
    cause = argc > 2 ? argv[2] : cause;
    for (int i = 3; i < argc; i++) {
        restarts |= strcmp(argv[i], "restart") == 0;
        is_masked |= strcmp(argv[i], "masked") == 0;
        tells |= strcmp(argv[i], "tells") == 0;
    }
    alarm(25); /* ends the test, if nothing else does */
    if (!dlopen("libcuda.so.1", RTLD_NOW))
        puts(dlerror());
    int listener = waits_listen(), epoll = waits_epoll(way, listener), signal = signal_of_cause();
    sigset_t mask = signal_prepare(signal);
    pid_t child = fork();
    if (child == 0)
        child_run();
    if (is_caused_by("before"))
        waitpid(child, NULL, 0);
    start_timer(signal);
    errno = 0;
    int result = is_masked ? waits_masked(way, listener, epoll, &mask) : waits_once(way, listener, epoll),
        error = errno;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    printf("%s: %s, errno %d, blocked %d\n", way, result < 0 ? "failed" : "returned", error,
           sigismember(&mask, signal));
    if (tells)
        printf("handled %d, code %d, value %d\n", (int)handled, (int)code, (int)value);
    if (child > 0 && !is_caused_by("before")) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    return 6;
}
