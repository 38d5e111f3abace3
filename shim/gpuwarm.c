/* SPDX-License-Identifier: MIT */
/*
 * The library as the program meets it: the one file that knows the moments and exports symbols.
 *
 * load: before main, glibc runs the constructor on the program's first thread, without the loader's lock, and nearly
 * always as the only thread: constructors of libraries that the program links ran before and may have started some.
 * serve: the program comes to wait for connections, in one of the hooked functions (hooks.def).
 * fork: a child begins, in the handler that fork(2) runs in it.
 *
 * Whatever happens here, the program goes on as if nothing had: errno is kept, nothing is thrown, no failure ends the
 * process. A process is warmed once at most; `watching` is set while that, or a line that is to be said, is still to
 * come, and else a hook is a test of it and a jump.
 */
#include "environment.h"
#include "listener.h"
#include "next.h"
#include "presence.h"
#include "runpath.h"
#include "session.h"
#include "signals.h"
#include "stack.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))
#define COLD     __attribute__((cold, noinline))

/* A warm-up at serve or fork runs on a stack of the program's; the driver's own use is not documented. */
static const size_t STACK_BYTES = (size_t)256 << 10;

enum state { STATE_NOTHING, STATE_WAITS, STATE_WARMED, STATE_CHILD_OF_WARMED };

static unsigned char watching;
static struct session session;
static struct {
    enum state state;
    bool listened;         /* this process or one that it was forked from has a socket that listens */
    bool any;              /* on any thread and any socket: GPUWARM_TRIGGER=serve */
    bool late;             /* it has accepted while no CUDA library was loaded */
    bool child;            /* forked from the process that read the settings */
    pid_t pid;             /* differs in a child of vfork, which shares this memory */
    const void *stack_top; /* of the initial thread */
    sigset_t mask;         /* what was blocked when it last called listen, or else at its start */
    struct presence presence;
} process;

/* What made this a process that is warmed. */
static const char *library_name(void)
{
    return process.presence.library[0] ? process.presence.library : "a CUDA executable";
}

/* ---- serve ----------------------------------------------------------------------------------------------------------
 */

static bool stack_or_driver_forbids(char *why, size_t size)
{
    char path[256];
    if (!stack_has(STACK_BYTES, process.stack_top)) {
        snprintf(why, size, "%s", policy_reason_text(REASON_NO_ROOM));
        return true;
    }
    if (process.presence.driver || !runpath_of_executable_has_driver(&session.image, path, sizeof path))
        return false;
    snprintf(why, size, "its RUNPATH leads to a driver of its own, %s", path);
    return true;
}

/* What is kept from this thread while we do something on it that the program must not notice. */
struct quiet {
    struct signals signals;
    int state, type; /* of cancellation */
};

/* No cancellation: what we do has points of it where the call that we are in has none, in frames without tables. */
static void quiet_begin(struct quiet *quiet)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &quiet->state);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &quiet->type);
    signals_hold_handled(&quiet->signals);
}

/*
 * How a call that waits would have been interrupted meanwhile; `mask`, if any, is what it blocks. The handlers run here
 * and may leave by siglongjmp, so nothing is to be done after them; but for a thread that may be cancelled at any time,
 * which is cancelled with the program's signal mask.
 */
static enum signals_came quiet_end(const struct quiet *quiet, const sigset_t *mask)
{
    enum signals_came came = signals_came(&quiet->signals, mask);
    pthread_setcancelstate(quiet->state, NULL);
    signals_release(&quiet->signals);
    if (quiet->type != PTHREAD_CANCEL_DEFERRED)
        pthread_setcanceltype(quiet->type, NULL);
    return came;
}

/*
 * May we be in a signal handler? It could have interrupted anything, malloc and the loader included. While one runs its
 * signal is blocked (but with SA_NODEFER); a handled signal that is blocked now and was not when the program called
 * listen is taken for that, and the next moment is waited for. But not one that the call lets in while it waits
 * (`waiting`, if any, is its mask): pselect(2) has programs block signals but there.
 */
static bool may_be_in_handler(const sigset_t *waiting)
{
    struct sigaction action;
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int signal = 1; signal < SIGNALS; signal++)
        if (sigismember(&mask, signal) && !sigismember(&process.mask, signal) &&
            (!waiting || sigismember(waiting, signal)) && signals_has_handler(signal, &action))
            return true;
    return false;
}

static void serve_quietly(void)
{
    char why[640];
    if (process.state == STATE_CHILD_OF_WARMED) {
        log_write(&session.log, LOG_WARN,
                  "%s: forked from a process that had initialised CUDA, so CUDA cannot work in it; "
                  "GPUWARM_TRIGGER=serve or fork warms such processes themselves",
                  session.program);
        return;
    }
    process.state = STATE_NOTHING;
    if (stack_or_driver_forbids(why, sizeof why)) {
        session_give_up(&session, why);
        return;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(why, sizeof why, policy_reason_text(REASON_SERVES), library_name());
#pragma GCC diagnostic pop
    session_warm(&session, TRIGGER_SERVE, process.late, why);
    process.state = STATE_WARMED;
}

/* At a socket that listens. Of several threads one goes on; what it calls itself is not watched any more. */
static enum signals_came serve(const sigset_t *mask)
{
    struct quiet quiet;
    if (may_be_in_handler(mask) || !__atomic_exchange_n(&watching, 0, __ATOMIC_ACQ_REL))
        return SIGNALS_NONE;
    quiet_begin(&quiet);
    serve_quietly();
    return quiet_end(&quiet, mask);
}

/* The CUDA runtime that is linked statically opens the driver at the program's first call of it. */
static bool may_be_decided(void)
{
    return process.state != STATE_WAITS || session.process.facts.fat_binary || presence_of_cuda(&process.presence);
}

/*
 * May this thread be one that serves? Without a system call where no CUDA library is loaded, so that a server that has
 * nothing to do with CUDA pays for nothing and its seccomp filter sees nothing.
 */
static bool may_serve(void)
{
    return may_be_decided() && (process.any ? getpid() == process.pid : syscall(SYS_gettid) == process.pid);
}

COLD static enum signals_came came_with(int fd)
{
    int saved = errno;
    enum signals_came came = SIGNALS_NONE;
    if (may_serve() && listener_is(fd, !process.any))
        came = serve(NULL);
    errno = saved;
    return came;
}

COLD static enum signals_came came_to_poll(const struct pollfd *fds, unsigned long count, const sigset_t *mask)
{
    int saved = errno;
    enum signals_came came = SIGNALS_NONE;
    if (process.listened && may_serve() && listener_polled(fds, count, !process.any))
        came = serve(mask);
    errno = saved;
    return came;
}

COLD static enum signals_came came_to_select(int count, const void *reads, const sigset_t *mask)
{
    int saved = errno;
    enum signals_came came = SIGNALS_NONE;
    if (process.listened && may_serve() && listener_selected(count, reads, !process.any))
        came = serve(mask);
    errno = saved;
    return came;
}

/* ---- the hooks ------------------------------------------------------------------------------------------------------
 */

/* What a hook does while the process is watched, also under a name by which it can be called with any arguments. */
#define HOOK(name, parameters, arguments)                                                                              \
    COLD int watched_##name parameters;                                                                                \
    int any_##name(REGISTERS) __asm__("watched_" #name);
#include "hooks.def"
#undef HOOK

/* The handler of a signal that came during a warm-up has run: the call ends as if it had come during the wait. */
#define INTERRUPTED (errno = EINTR, -1)

int watched_listen(int fd, int backlog)
{
    int saved = errno;
    process.listened = true;
    if (may_be_decided())
        sigprocmask(SIG_BLOCK, NULL, &process.mask);
    errno = saved;
    return next.listen(fd, backlog);
}

/* accept(2) goes on after a handler that was installed with SA_RESTART; poll(2), select(2) and their like never do. */
int watched_accept(int fd, void *address, void *length)
{
    process.late |= !may_be_decided();
    return came_with(fd) == SIGNALS_INTERRUPTING ? INTERRUPTED : next.accept(fd, address, length);
}

int watched_accept4(int fd, void *address, void *length, int flags)
{
    process.late |= !may_be_decided();
    return came_with(fd) == SIGNALS_INTERRUPTING ? INTERRUPTED : next.accept4(fd, address, length, flags);
}

int watched_poll(struct pollfd *fds, unsigned long count, int ms)
{
    return came_to_poll(fds, count, NULL) != SIGNALS_NONE ? INTERRUPTED : next.poll(fds, count, ms);
}

int watched___poll_chk(struct pollfd *fds, unsigned long count, int ms, size_t size)
{
    return came_to_poll(fds, count, NULL) != SIGNALS_NONE ? INTERRUPTED : next.__poll_chk(fds, count, ms, size);
}

int watched_ppoll(struct pollfd *fds, unsigned long count, const struct timespec *timeout, const void *mask)
{
    return came_to_poll(fds, count, mask) != SIGNALS_NONE ? INTERRUPTED : next.ppoll(fds, count, timeout, mask);
}

int watched___ppoll_chk(struct pollfd *fds, unsigned long count, const struct timespec *timeout, const void *mask,
                        size_t size)
{
    return came_to_poll(fds, count, mask) != SIGNALS_NONE ? INTERRUPTED
                                                          : next.__ppoll_chk(fds, count, timeout, mask, size);
}

int watched_select(int count, void *reads, void *writes, void *errors, struct timeval *timeout)
{
    return came_to_select(count, reads, NULL) != SIGNALS_NONE ? INTERRUPTED
                                                              : next.select(count, reads, writes, errors, timeout);
}

int watched_pselect(int count, void *reads, void *writes, void *errors, const struct timespec *timeout,
                    const void *mask)
{
    return came_to_select(count, reads, mask) != SIGNALS_NONE
               ? INTERRUPTED
               : next.pselect(count, reads, writes, errors, timeout, mask);
}

int watched_epoll_ctl(int epoll, int operation, int fd, void *event)
{
    if (operation == EPOLL_CTL_ADD)
        came_with(fd);
    return next.epoll_ctl(epoll, operation, fd, event);
}

/*
 * Exported under the functions' names and called by ours. Where the next definition is not the C library's, and once
 * nothing is watched for, the caller's registers and stack are passed on untouched: a test, and a jump.
 */
#define HOOK(name, parameters, arguments)                                                                              \
    EXPORTED int hook_##name(REGISTERS) __asm__(#name);                                                                \
    int hook_##name(REGISTERS)                                                                                         \
    {                                                                                                                  \
        if (__builtin_expect(__atomic_load_n(&watching, __ATOMIC_RELAXED), 0) && next_known.name)                      \
            return any_##name(PASSED);                                                                                 \
        return ((anything)(void (*)(void))next.name)(PASSED);                                                          \
    }
#include "hooks.def"
#undef HOOK

/* ---- fork -----------------------------------------------------------------------------------------------------------
 */

static void fork_quietly(void)
{
    char why[640];
    bool has_cuda = may_be_decided();
    process.state = STATE_NOTHING;
    watching = 0;
    if (!has_cuda) {
        session_give_up(&session, policy_reason_text(REASON_NO_CUDA));
        return;
    }
    if (stack_or_driver_forbids(why, sizeof why)) {
        session_give_up(&session, why);
        return;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(why, sizeof why, policy_reason_text(REASON_FORKED), library_name());
#pragma GCC diagnostic pop
    session_warm(&session, TRIGGER_FORK, process.late, why);
    process.state = STATE_WARMED;
}

static void fork_moment(void)
{
    struct quiet quiet;
    quiet_begin(&quiet);
    fork_quietly();
    quiet_end(&quiet, NULL);
}

/* In the child, before fork returns there. A child of one that waits decides for itself. */
static void forked(void)
{
    int saved = errno;
    bool direct = !process.child;
    process.child = true;
    process.pid = getpid();
    if (process.state == STATE_WARMED) {
        process.state = STATE_CHILD_OF_WARMED;
        watching = 1;
    } else if (process.state == STATE_WAITS && session.decision.trigger == TRIGGER_FORK) {
        if (direct)
            fork_moment();
        process.state = process.state == STATE_WARMED ? STATE_WARMED : STATE_NOTHING;
    }
    errno = saved;
}

/* ---- load -----------------------------------------------------------------------------------------------------------
 */

/*
 * The driver's threads inherit this thread's signal mask. A program that blocks signals in main, to wait for them with
 * sigwait or a signalfd, would find them delivered to those threads instead, and end (linux-rdma/perftest#68 is about a
 * program that blocked them too late).
 */
static void load_moment(void)
{
    struct signals signals;
    signals_hold_all(&signals);
    session_warm(&session, TRIGGER_LOAD, false, session.reason);
    signals_release(&signals);
    process.state = STATE_WARMED;
}

/* From now on the process is watched, and its children with it. */
static void wait_for_moment(const struct start *start)
{
    process.state = STATE_WAITS;
    sigprocmask(SIG_BLOCK, NULL, &process.mask);
    process.any = session.config.trigger == SETTING_SERVE;
    process.listened = environment_get(start->environment, "LISTEN_FDS") != NULL;
    watching = session.decision.trigger == TRIGGER_SERVE;
}

static void begin(const struct start *start)
{
    if (!session_open(&session, start))
        return;
    session_tell(&session, start);
    if (session.decision.trigger == TRIGGER_NONE)
        return;
    process.pid = getpid();
    process.stack_top = start->argv;
    next_find();
    if (session.decision.trigger == TRIGGER_LOAD)
        load_moment();
    else
        wait_for_moment(start);
    session_keep(&session);
    if (session.libc.at_fork)
        session.libc.at_fork(NULL, NULL, forked, NULL);
}

/*
 * The way out of every shell and tool, by which most processes of a tree leave: no report, no complaint, no call of a
 * function by name (tests/e2e/library.c). The environment of a privileged program is somebody else's: nothing is
 * written anywhere on its behalf.
 */
static bool is_left_alone(const struct start *start)
{
    const struct program program = program_from(start->argc, start->argv);
    const char *level = environment_get(start->environment, "GPUWARM_LOG");
    struct skip skip;
    return start->secure || (program_skip(&program, environment_get(start->environment, "GPUWARM_SKIP"), &skip) &&
                             !(level && strcmp(level, "debug") == 0));
}

__attribute__((constructor)) static void gpuwarm_load(int argc, char **argv, char **environment)
{
    struct start start;
    if (!start_read(argc, argv, environment, &start) || is_left_alone(&start))
        return;
    int saved = errno;
    begin(&start);
    errno = saved;
}

__attribute__((destructor)) static void gpuwarm_exit(void)
{
    if (process.state != STATE_WARMED || getpid() != process.pid)
        return;
    int saved = errno, cancellation;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellation);
    session_check_visible(&session);
    pthread_setcancelstate(cancellation, NULL);
    errno = saved;
}
