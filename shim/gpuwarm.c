/* SPDX-License-Identifier: MIT */
/*
 * The library as the program meets it: the one file that knows the moments and exports symbols.
 *
 * load: before main, glibc runs the constructor on the program's first thread, without the loader's lock, and nearly
 * always as the only thread: constructors of libraries that the program links ran before and may have started some.
 * spawn: the same, in a worker of Python's multiprocessing; as fork, in those of its fork server.
 * serve: the program comes to wait for connections, in one of the hooked functions (hooks.def).
 * fork: a child begins, in the hooked fork(2), once that has returned in it.
 *
 * Whatever happens here, the program goes on as if nothing had: errno is kept, nothing is thrown, no failure ends the
 * process. A process is warmed once at most; it is watched while that, or a line that is to be said, is still to come,
 * and else a hook is a jump.
 */
#include "base/environment.h"
#include "base/memory.h"
#include "base/signals.h"
#include "base/stack.h"
#include "elf/runpath.h"
#include "interpose/epoll_set.h"
#include "interpose/listener.h"
#include "interpose/real.h"
#include "policy/standing.h"
#include "session.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))
#define COLD     __attribute__((cold, noinline))

/* A warm-up runs on a stack of the program's; the driver's own use is not documented. */
static const size_t STACK_BYTES = (size_t)256 << 10;

/* A server that has accepted connections without CUDA looks whether it has it since at every so many waits. */
enum { LATE_LOOKS = 16 };

/* What tells a thread from another without a system call: its control block's address. */
#ifdef __x86_64__
#define THREAD_SELF()                                                                                                  \
    ({                                                                                                                 \
        const void *self;                                                                                              \
        __asm__("mov %%fs:0, %0" : "=r"(self));                                                                        \
        self;                                                                                                          \
    })
#else
#define THREAD_SELF() ((const void *)__builtin_thread_pointer())
#endif

/* Where less is left, the process is not looked at at its start, and nothing is said later: that takes half of it. */
static const size_t START_BYTES = (size_t)64 << 10;

enum state { STATE_NOTHING, STATE_WAITS, STATE_WARMED, STATE_CHILD_OF_WARMED };

static unsigned char watching;
static struct session session;
static struct {
    enum state state;
    bool listened;         /* this process or one that it was forked from has a socket that listens */
    bool any;              /* on any thread and any socket: GPUWARM_TRIGGER=serve */
    bool late;             /* it has accepted while no CUDA library was loaded */
    bool other_driver;     /* it may open another driver than we would be given, and has opened none yet */
    unsigned waits;        /* how often it has waited since then, or since it called listen */
    bool asked;            /* a fork server: somebody has connected since it forked last */
    pid_t pid;             /* differs in a child of vfork, which shares this memory; 0: not asked for yet */
    const void *thread;    /* the initial one's, as THREAD_SELF() has it */
    int epoll;             /* the epoll set into which a socket that listens was put last, and one; 0: none */
    int epoll_listener;    /* that socket */
    const void *no_server; /* where a call came from last that was found to be in no library that serves */
    int set;               /* the epoll set that was waited on last, of those that are not known */
    unsigned set_waits;    /* how often, since then and since it called listen */
    unsigned set_reads;    /* how many such sets were read since it called listen */
    unsigned seldom_waits; /* how often it has polled since too many descriptors were asked about */
    int awaited;           /* the epoll set on which a thread has come to wait last, and one; 0: none */
    const void *awaiting;  /* that thread */
    const void *initial;   /* the thread that read the settings: its copy, in a child that it forked */
    const void *stack_top; /* of that one */
    sigset_t mask;         /* what was blocked when it last called listen, or else at its start */
    bool words;            /* a report or a line at `info` is wanted: only then is the rest used */
    bool tells;            /* what waits is hooked although nothing listens: the process is to say what it waits for */
    bool forked;           /* it was forked, and its own report (%p) is still to be written */
    bool child;            /* it was forked */
    bool forks;            /* it has forked since it called listen */
    bool forked_warm;      /* warmed, it has forked, and is watched until it has said so */
    unsigned tell_waits;   /* waits since it called listen or was forked */
    bool gave_up;          /* where nothing could be said */
    unsigned long said;    /* reasons why it is not warmed, a bit each */
    unsigned long refused; /* those for which a wait was refused where nothing could be said */
    unsigned long told;    /* of these */
} process;
_Static_assert(REASON_COUNT <= sizeof process.said * CHAR_BIT, "a bit each");

/* A filter may allow fork and not getpid: a child asks when it matters. */
static void pid_find(void)
{
    if (!process.pid)
        process.pid = getpid();
}

/* What made this a process that is warmed. */
static const char *cuda_name(void)
{
    return session.loaded.cuda.library[0] ? session.loaded.cuda.library : "a CUDA executable";
}

/* ---- watching -------------------------------------------------------------------------------------------------------
 */

/* What a hook does while the process is watched. */
#define HOOK(name, parameters, arguments) COLD static int watched_##name parameters;
#include "interpose/hooks.def"
#undef HOOK

/* Does it fork workers that are to be warmed, when it is asked to? */
static bool is_fork_server(void)
{
    return process.state == STATE_WAITS && session.decision.trigger == TRIGGER_FORK_SERVER;
}

/*
 * Where the next definition is not the C library's it may be anything, and is called with all that the hook is. As long
 * as nothing has listened, calls that wait for anything are not looked at: they make no system call more, and cost what
 * they cost once all is decided. A process whose children are to be warmed does not serve.
 */
#define WATCH(name, wanted)                                                                                            \
    if (wanted)                                                                                                        \
        __atomic_store_n(&jump_table.name, (anything)(void (*)(void))watched_##name, __ATOMIC_SEQ_CST);
static void watch(void)
{
    const bool forks = process.state == STATE_WAITS && policy_warms_children(session.decision.trigger);
#define HOOK(name, parameters, arguments) WATCH(name, !forks && real_known.name)
#define HOOK_WAIT(name, parameters, arguments)                                                                         \
    WATCH(name, !forks && real_known.name && (process.listened || process.tells))
#define HOOK_WAIT_SET(name, parameters, arguments)                                                                     \
    WATCH(name, !forks && real_known.name && (process.listened || process.tells || process.any))
#define HOOK_FORK(name, parameters, arguments) WATCH(name, forks)
#include "interpose/hooks.def"
#undef HOOK
    WATCH(accept, is_fork_server() && real_known.accept)
    WATCH(accept4, is_fork_server() && real_known.accept4)
    /* Another thread has decided meanwhile. */
    if (!__atomic_load_n(&watching, __ATOMIC_SEQ_CST))
        jump_table_reset();
}

/* For good. Of several threads that call it at once, one is told so. */
static bool watch_end(void)
{
    bool ended = __atomic_exchange_n(&watching, 0, __ATOMIC_SEQ_CST);
    jump_table_reset();
    return ended;
}

/* As the last look had it. The CUDA runtime that is linked statically opens the driver at the program's first call. */
static bool has_known_cuda(void)
{
    return session.process.facts.fat_binary || session.loaded.cuda.library[0];
}

/* By memory alone: does it have CUDA as far as is known, or was anything loaded that could be? */
static bool could_have_cuda(void)
{
    return process.state != STATE_WAITS || has_known_cuda() || loaded_more(&session.loaded);
}

static bool has_cuda(void)
{
    return process.state != STATE_WAITS || session.process.facts.fat_binary || loaded_look(&session.loaded);
}

/* Is the caller a library with this role? */
static bool is_called_by(enum soname_role role, const void *from)
{
    return loaded_has_code(&session.loaded, from, role);
}

/* Its first request has been answered by then, so that a look is all that it could gain by. */
static bool is_time_to_look(void)
{
    return !process.late || __atomic_fetch_add(&process.waits, 1, __ATOMIC_RELAXED) % LATE_LOOKS == 0;
}

/*
 * Has it CUDA, as far as is known? As the last look had it, or a new one. That is by memory alone where nothing was
 * loaded since the start, or there is one thread; else two system calls.
 */
static bool may_have_cuda(void)
{
    if (process.state != STATE_WAITS || has_known_cuda())
        return true;
    return loaded_more(&session.loaded) && is_time_to_look() && loaded_look(&session.loaded);
}

/* ---- serve ----------------------------------------------------------------------------------------------------------
 */

static size_t stack_left_here(void)
{
    return stack_left(process.stack_top, process.initial == THREAD_SELF());
}

/* In memory alone, and said later: here may be a signal handler. */
static void refuse(enum reason reason)
{
    __atomic_store_n(&session.refusal, reason, __ATOMIC_RELAXED);
    __atomic_store_n(&session.refused, true, __ATOMIC_RELAXED);
}

/* Which checks have refused a wait, each once, for `debug`. Where anything may be written. */
static void refusals_tell(void)
{
    const unsigned long refused = __atomic_load_n(&process.refused, __ATOMIC_RELAXED),
                        told = __atomic_fetch_or(&process.told, refused, __ATOMIC_RELAXED);
    for (unsigned reason = 0; reason < REASON_COUNT; reason++)
        if (refused & ~told & 1UL << reason)
            log_write(&session.log, LOG_DEBUG, "%s: not warmed at a wait: %s", session.program,
                      policy_reason_text(reason));
}

/* Without room there may be none to say so either: then it is said at the end. */
static bool stack_allows(void)
{
    size_t left = stack_left_here();
    if (left < START_BYTES) {
        process.gave_up = true;
        refuse(REASON_NO_ROOM);
    } else if (left < STACK_BYTES) {
        session_skip(&session, false, policy_reason_text(REASON_NO_ROOM));
    }
    return left >= STACK_BYTES;
}

/* May the program open another driver than we would be given, and has opened none yet? Needs room on the stack. */
static bool has_other_driver(void)
{
    char path[256];
    loaded_look(&session.loaded);
    return runpath_has_driver(&session.loaded, session.image.started, session.library_path, path, sizeof path);
}

/* After a warm-up, which need not have got as far as to initialise the driver. */
static void warmed(void)
{
    if (session.warmth.stages[0][STAGE_driver].result == STAGE_OK)
        process.state = STATE_WARMED;
}

/* The reason in words, with `detail` where it has one. */
static const char *reason_write(enum reason reason, const char *detail, char *text, size_t size)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, size, policy_reason_text(reason), detail);
#pragma GCC diagnostic pop
    return text;
}

/* Warms, on a thread of the running program, for a reason in whose text the CUDA library is named. */
static void warm_for(enum trigger trigger, enum reason reason)
{
    char why[640];
    if (!stack_allows())
        return;
    if (trigger != TRIGGER_SERVE && has_other_driver()) {
        session_skip(&session, false, policy_reason_text(REASON_DRIVER_TO_COME));
        return;
    }
    session_warm(&session, trigger, process.late, reason_write(reason, cuda_name(), why, sizeof why));
    warmed();
}

/* What is kept from this thread while we do something on it that the program must not notice. */
struct quiet {
    struct signals signals;
    int state; /* of cancellation */
};

/*
 * No cancellation: what we do has points of it where the call that we are in has none. The result is set first, since
 * before glibc 2.34 a program without libpthread has functions of these names that do nothing.
 */
static void quiet_begin(struct quiet *quiet)
{
    quiet->state = PTHREAD_CANCEL_ENABLE;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &quiet->state);
    signals_hold_handled(&quiet->signals);
}

/*
 * How a call that waits would have been interrupted meanwhile; `mask`, if any, is what it blocks. The handlers run here
 * and may leave by siglongjmp, so nothing is to be done after them.
 */
static enum signals_came quiet_end(struct quiet *quiet, const sigset_t *mask)
{
    enum signals_came came = signals_came(&quiet->signals, mask);
    pthread_setcancelstate(quiet->state, NULL);
    signals_release(&quiet->signals);
    return came;
}

/*
 * May this thread be cancelled at any point? It may then hold any lock, and so nothing is done on it. glibc before 2.41
 * also lets it be so in its own calls that wait, as a signal handler sees that runs in one.
 */
static bool may_be_cancelled_anywhere(void)
{
    int type = PTHREAD_CANCEL_DEFERRED;
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    if (type == PTHREAD_CANCEL_DEFERRED)
        return false;
    pthread_setcanceltype(type, NULL);
    return true;
}

/*
 * May we be in a signal handler? It could have interrupted anything, malloc and the loader included. While one runs its
 * signal is blocked (but with SA_NODEFER); a handled signal that is blocked now and was not when the program called
 * listen is taken for that, and the next moment is waited for. But not one that the call lets in while it waits
 * (`waiting`, if any, is its mask): pselect(2) has programs block signals but there. Threads of libraries (libzmq's)
 * block all signals for good: on another thread than the initial one that is no handler, unless a handler blocks as
 * many while it runs.
 */
static bool may_be_in_handler(const sigset_t *waiting)
{
    struct sigaction action;
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    const bool blocks_all = process.thread != THREAD_SELF() && signals_are_all(&mask);
    for (int signal = 1; signal < SIGNALS; signal++)
        if (sigismember(&mask, signal) && !sigismember(&process.mask, signal) &&
            (!waiting || sigismember(waiting, signal)) && signals_has_handler(signal, &action) &&
            (!blocks_all || signals_are_all(&action.sa_mask)))
            return true;
    return false;
}

/* Not a child of vfork, nor one of clone(2) that the C library does not know of. */
static bool is_this_process(void)
{
    pid_find();
    return getpid() == process.pid;
}

/* What warms this process and not the one that it was forked from; what that was warmed by would warm it again. */
static const char *trigger_for_children(void)
{
    return session.decision.trigger == TRIGGER_SERVE  ? "fork"
           : session.decision.trigger == TRIGGER_FORK ? "serve"
                                                      : "serve or fork";
}

static void serve_quietly(int listener)
{
    char why[256];
    session.late = process.words && (process.late || listener_has_client(listener));
    if (process.state == STATE_CHILD_OF_WARMED) {
        log_write(&session.log, LOG_WARN, "%s: %s", session.program,
                  reason_write(REASON_CHILD_OF_WARMED, trigger_for_children(), why, sizeof why));
        if (process.forked)
            session_skip(&session, false, why);
        process.forked = false;
    } else if (process.state == STATE_WARMED) {
        if (stack_left_here() >= STACK_BYTES)
            session_warm_libraries(&session);
    } else {
        process.state = STATE_NOTHING;
        process.forked = false;
        if (process.words && stack_left_here() >= START_BYTES)
            refusals_tell();
        warm_for(TRIGGER_SERVE, REASON_SERVES);
    }
}

/* A call in which a process may come to serve. */
struct call {
    const void *from;     /* where it returns to */
    const sigset_t *mask; /* what it blocks while it waits; NULL: nothing more */
};

/* A hook jumps to what it does while watched, and so is not in between. */
#define CALL(mask)                                                                                                     \
    (struct call)                                                                                                      \
    {                                                                                                                  \
        __builtin_return_address(0), mask                                                                              \
    }

/* The kernel refuses a mask that it cannot read: then the call does not wait. */
static bool can_wait(struct call call)
{
    return !call.mask || memory_readable(call.mask, SIGNALS_MASK_BYTES) == SIGNALS_MASK_BYTES;
}

/* Another thread may be what the program has for its log, or in the middle of a function of the loader. */
static bool is_serving_thread(void)
{
    return process.any || process.thread == THREAD_SELF();
}

/* Does something speak against doing anything in this call? */
static bool is_refused(struct call call, enum reason *why)
{
    bool handler = false, cancelled = false, transport = is_called_by(SONAME_LISTENS, call.from);
    if (!transport)
        handler = may_be_in_handler(call.mask);
    if (!transport && !handler)
        cancelled = may_be_cancelled_anywhere();
    *why = transport ? REASON_TRANSPORT : handler ? REASON_IN_HANDLER : REASON_CANCELLED_ANYWHERE;
    return transport || handler || cancelled;
}

/* ---- telling --------------------------------------------------------------------------------------------------------
 *
 * A process that is not warmed says why, where a report or a line at `info` is wanted. Never in a handler of
 * pthread_atfork in a child, nor in what may be a signal handler.
 */

/* May anything be written in this call? */
static bool may_tell(struct call call)
{
    enum reason why;
    return can_wait(call) && is_this_process() && !is_refused(call, &why) && stack_left_here() >= START_BYTES;
}

/* The kernel is asked then what the call waits for. */
static bool is_time_to_tell(void)
{
    return process.words && (process.state == STATE_WAITS || process.forked) &&
           standing_is_time(__atomic_add_fetch(&process.tell_waits, 1, __ATOMIC_RELAXED));
}

static struct standing standing_now(int listener)
{
    /* A supervisor that asks its workers every half a second whether they live has waited as often in a few seconds. */
    enum { WAITS_LONG = 8 };
    bool serving = is_serving_thread();
    return (struct standing){
        .listener = listener >= 0,
        .serving_thread = serving,
        .counts = listener >= 0 && listener_is(listener, !process.any),
        /* What is loaded is looked at on the serving thread only. */
        .cuda = listener >= 0 && serving && has_cuda(),
        .child_of_warmed = process.state == STATE_CHILD_OF_WARMED,
        .forked = process.forked,
        .forks = process.forks,
        .waits_long = process.tell_waits >= WAITS_LONG,
    };
}

/* Each reason is told once. */
static bool is_new(enum reason reason)
{
    const unsigned long bit = 1UL << reason;
    return !(__atomic_fetch_or(&process.said, bit, __ATOMIC_RELAXED) & bit);
}

/* One that waits is looked at again; what is left to be said is what spoke against it. */
static void tell_quietly(bool stands, enum reason reason)
{
    char why[256];
    refusals_tell();
    if (!stands) {
        session_wait(&session);
        return;
    }
    process.forked = false;
    session_skip(&session, true, reason_write(reason, trigger_for_children(), why, sizeof why));
}

/* At a call that waits, at a socket that listens (`listener`) or for something else (-1). */
COLD static enum signals_came tell(int listener, struct call call)
{
    struct quiet quiet;
    enum reason reason = session.refusal;
    const struct standing standing = standing_now(listener);
    bool stands = standing_reason(&standing, &reason);
    /* A library that serves does so on threads of its own. */
    if (stands && reason == REASON_SIDE_THREAD && is_called_by(SONAME_SERVES, call.from))
        return SIGNALS_NONE;
    if ((!stands && (listener >= 0 || !session.refused)) || process.said & 1UL << reason || !may_tell(call) ||
        !is_new(reason))
        return SIGNALS_NONE;
    if (stands && reason != REASON_CHILD_OF_WARMED)
        refuse(reason);
    quiet_begin(&quiet);
    tell_quietly(stands, reason);
    return quiet_end(&quiet, call.mask);
}

/* At a wait that would have warmed the process. Signals and cancellation are held. */
static void tell_driver_to_come(void)
{
    refuse(REASON_DRIVER_TO_COME);
    if (process.words && is_new(REASON_DRIVER_TO_COME))
        tell_quietly(true, REASON_DRIVER_TO_COME);
}

/* A warmed process that has forked. It is not watched any more. */
COLD static enum signals_came tell_forks(struct call call)
{
    struct quiet quiet;
    if (!is_serving_thread() || !may_tell(call) || !watch_end())
        return SIGNALS_NONE;
    process.forked_warm = false;
    quiet_begin(&quiet);
    session_tell_forks(&session, trigger_for_children());
    return quiet_end(&quiet, call.mask);
}

/* In a process whose children are warmed, once it has one. A report that its children share is left to them. */
COLD static void tell_children(struct call call)
{
    struct quiet quiet;
    bool first = !session.refused;
    refuse(REASON_WARMS_CHILDREN);
    if (!first || !session_report_is_own(&session) || !is_serving_thread() || !may_tell(call))
        return;
    quiet_begin(&quiet);
    session_skip(&session, true, policy_reason_text(REASON_WARMS_CHILDREN));
    quiet_end(&quiet, NULL);
}

/*
 * Has the user named what to warm, and was a process that had CUDA never warmed? Not one whose children are, nor one
 * that such a program has started.
 */
static bool was_asked_in_vain(void)
{
    return session.config.asks && process.state == STATE_WAITS && !process.child && !process.forks &&
           session.process.facts.role == ROLE_NONE && session.refusal != REASON_WARMS_CHILDREN && has_cuda() &&
           !facts_parent_asks(session.config.asks);
}

/* At the end of the process. */
static void tell_end(void)
{
    char why[256];
    const bool asked = was_asked_in_vain();
    if (!process.words && !asked)
        return;
    bool forks = process.state == STATE_WARMED && session.forked_after != session.forked_told;
    bool child = process.state == STATE_CHILD_OF_WARMED && process.forked;
    /* Nothing is asked of the system before there is something to say. */
    const bool ends = process.state == STATE_WAITS || process.gave_up;
    if ((!ends && !forks && !child) || !is_this_process() || stack_left_here() < START_BYTES)
        return;
    if (ends) {
        refusals_tell();
        session_end(&session,
                    policy_warms_children(session.decision.trigger) ? REASON_NEVER_FORKED : REASON_NEVER_WAITED, asked);
    } else if (child)
        session_skip(&session, true, reason_write(REASON_CHILD_OF_WARMED, trigger_for_children(), why, sizeof why));
    else
        session_tell_forks(&session, trigger_for_children());
}

/* ---- serving --------------------------------------------------------------------------------------------------------
 */

/* Is a driver of the program's own still to come? Then it is looked for again at later waits, but not at each. */
static bool waits_for_driver(void)
{
    process.other_driver = process.state == STATE_WAITS && stack_left_here() >= STACK_BYTES && has_other_driver();
    return process.other_driver;
}

static bool is_time_for_driver(void)
{
    return !process.other_driver || __atomic_fetch_add(&process.waits, 1, __ATOMIC_RELAXED) % LATE_LOOKS == 0;
}

/* At a socket that listens. Of several threads one goes on; what it calls itself is not watched any more. */
static enum signals_came serve(int listener, struct call call)
{
    struct quiet quiet;
    enum reason why;
    if (!is_time_for_driver() || !can_wait(call) || !is_this_process())
        return SIGNALS_NONE;
    if (!has_cuda())
        return is_time_to_tell() ? tell(listener, call) : SIGNALS_NONE;
    if (is_refused(call, &why)) {
        refuse(why);
        __atomic_fetch_or(&process.refused, 1UL << why, __ATOMIC_RELAXED);
        return SIGNALS_NONE;
    }
    quiet_begin(&quiet);
    if (waits_for_driver())
        tell_driver_to_come();
    else if (watch_end())
        serve_quietly(listener);
    return quiet_end(&quiet, call.mask);
}

/*
 * Of what is polled the kernel is asked descriptor by descriptor. A server comes to wait soon after it listens: one
 * that has long waited for other things, beside a local socket say, must not pay for that at each wait for ever.
 */
static bool is_time_to_ask(void)
{
    enum { ASKED_MOST = 4096 };
    return __atomic_load_n(&listener_asked, __ATOMIC_RELAXED) < ASKED_MOST ||
           standing_is_seldom(__atomic_add_fetch(&process.seldom_waits, 1, __ATOMIC_RELAXED));
}

/*
 * May this thread come to serve? Memory is asked before the kernel: a server that has nothing to do with CUDA pays for
 * no system call, and its seccomp filter sees none.
 */
static bool may_serve(void)
{
    return process.listened && is_serving_thread() && may_have_cuda() && is_time_to_ask();
}

/*
 * At a call that waits: where it waits at a socket that counts the process serves, else there may be something to say.
 * Each is evaluated where it is needed: the kernel is asked.
 */
#define COME(counting, listener, call)                                                                                 \
    ({                                                                                                                 \
        int serves = process.forked_warm ? -1 : (counting);                                                            \
        process.forked_warm ? tell_forks(call)                                                                         \
        : serves >= 0       ? serve(serves, call)                                                                      \
        : is_time_to_tell() ? tell(listener, call)                                                                     \
                            : SIGNALS_NONE;                                                                            \
    })

/* A socket that is not to wait is never interrupted. */
static bool is_nonblocking(int fd)
{
    return syscall(SYS_fcntl, fd, F_GETFL) & O_NONBLOCK;
}

COLD static enum signals_came came_to_accept(int fd, struct call call)
{
    int saved = errno;
    enum signals_came came = SIGNALS_NONE;
    if (is_serving_thread()) {
        if (may_have_cuda())
            came = listener_is(fd, !process.any) ? serve(fd, call) : SIGNALS_NONE;
        else if (!process.late) {
            process.late = true;
            process.waits = 0;
        }
    }
    if (process.forked_warm)
        came = tell_forks(call);
    else if (came == SIGNALS_NONE && is_time_to_tell())
        came = tell(listener_is(fd, false) ? fd : -1, call);
    if (came == SIGNALS_INTERRUPTING && is_nonblocking(fd))
        came = SIGNALS_NONE;
    errno = saved;
    return came;
}

COLD static enum signals_came came_to_poll(const struct pollfd *fds, unsigned long count, struct call call)
{
    int saved = errno;
    enum signals_came came =
        COME(may_serve() ? listener_polled(fds, count, !process.any) : -1, listener_polled(fds, count, false), call);
    errno = saved;
    return came;
}

COLD static enum signals_came came_to_select(int count, const void *reads, struct call call)
{
    int saved = errno;
    enum signals_came came = COME(may_serve() ? listener_selected(count, reads, !process.any) : -1,
                                  listener_selected(count, reads, false), call);
    errno = saved;
    return came;
}

/*
 * Does who waits serve: the initial thread, or one of a library that serves for it? A "no" is remembered by where the
 * call came from, since asking is expensive.
 */
static bool is_served_by(struct call call)
{
    if (is_serving_thread())
        return true;
    if (__atomic_load_n(&process.no_server, __ATOMIC_RELAXED) == call.from)
        return false;
    bool serves = is_called_by(SONAME_SERVES, call.from);
    if (!serves)
        __atomic_store_n(&process.no_server, call.from, __ATOMIC_RELAXED);
    return serves;
}

/* Has another thread come to wait on the set, on which it may be waiting still? */
static bool is_awaited(int epoll)
{
    return __atomic_load_n(&process.awaited, __ATOMIC_ACQUIRE) == epoll + 1 && process.awaiting != THREAD_SELF();
}

/*
 * To put a socket in an epoll set is not to wait yet: a master may do so and leave the waiting to the workers that it
 * forks then. So the set is remembered, and who waits on it comes to serve. But where another thread waits on it
 * already this is the last moment before a connection: in a library that serves on threads of its own, and for
 * GPUWARM_TRIGGER=serve where that was seen.
 */
COLD static void epoll_filled(int epoll, int fd, struct call call)
{
    int saved = errno;
    if (may_have_cuda() && is_served_by(call) && listener_is(fd, !process.any) &&
        !is_called_by(SONAME_LISTENS, call.from)) {
        process.epoll_listener = fd;
        __atomic_store_n(&process.epoll, epoll + 1, __ATOMIC_RELEASE);
        if (process.any ? is_awaited(epoll) : is_called_by(SONAME_SERVES, call.from))
            serve(fd, call);
    }
    errno = saved;
}

/*
 * A set may have two numbers: mio (tokio) waits on the one and adds through the other. Where the set on which a thread
 * waits has a listening socket, now that one was added, that thread has come to serve.
 */
COLD static void epoll_filled_elsewhere(int epoll, struct call call)
{
    int saved = errno, awaited = __atomic_load_n(&process.awaited, __ATOMIC_ACQUIRE), listener = -1;
    if (awaited && epoll + 1 == __atomic_load_n(&process.epoll, __ATOMIC_ACQUIRE) && awaited != epoll + 1 &&
        process.awaiting != THREAD_SELF() && may_have_cuda())
        listener = epoll_set_listener(awaited - 1, false);
    if (listener >= 0)
        serve(listener, call);
    errno = saved;
}

/*
 * To read a set is expensive, so of the waits on a set the first, the second, the fourth and so on are looked at, but
 * no more than a thousand after each listen(2), nor more than so many sets: a server comes to wait soon after it
 * listens.
 */
static bool is_time_to_read(int epoll)
{
    enum { READS_MOST = 32 };
    if (process.set != epoll) {
        process.set = epoll;
        process.set_waits = 0;
    }
    return standing_is_time(++process.set_waits) && process.set_reads++ < READS_MOST;
}

static int set_listener(int epoll)
{
    int known = process.epoll_listener;
    if (epoll + 1 == __atomic_load_n(&process.epoll, __ATOMIC_ACQUIRE) && listener_is(known, !process.any))
        return known;
    return is_time_to_read(epoll) ? epoll_set_listener(epoll, !process.any) : -1;
}

/* epoll_wait(2) never goes on after a handler; without waiting it is never interrupted. */
COLD static bool epoll_interrupted(int epoll, bool waits, struct call call)
{
    int saved = errno;
    if (process.any) {
        process.awaiting = THREAD_SELF();
        __atomic_store_n(&process.awaited, epoll + 1, __ATOMIC_RELEASE);
    }
    enum signals_came came =
        COME(process.listened && epoll >= 0 && may_have_cuda() && is_served_by(call) ? set_listener(epoll) : -1,
             epoll >= 0 ? epoll_set_listener(epoll, false) : -1, call);
    errno = saved;
    return waits && came != SIGNALS_NONE;
}

/* Where it listens, or is another process: its next wait may be the one. */
static void waits_anew(void)
{
    process.waits = process.set_waits = process.set_reads = process.seldom_waits = 0;
    __atomic_store_n(&listener_asked, 0, __ATOMIC_RELAXED);
}

/* ---- the hooks ------------------------------------------------------------------------------------------------------
 */

/* The handler of a signal that came during a warm-up has run: the call ends as if it had come during the wait. */
#define INTERRUPTED (errno = EINTR, -1)

static int watched_listen(int fd, int backlog)
{
    int saved = errno;
    bool cuda = could_have_cuda();
    waits_anew();
    process.tell_waits = 0;
    if ((cuda || process.words) && is_serving_thread()) {
        sigprocmask(SIG_BLOCK, NULL, &process.mask);
        /* In a child of fork, before one of its own can be the first to ask that the C library knows nothing of. */
        pid_find();
    }
    /* A transport's socket, or the driver's, must not make each wait of a program that serves nobody a moment. */
    if (!process.listened && !is_called_by(SONAME_LISTENS, __builtin_return_address(0))) {
        process.listened = !cuda || listener_counts(fd, !process.any);
        if (process.listened)
            watch();
    }
    errno = saved;
    return real.listen(fd, backlog);
}

/* A fork server forks a worker right after it was asked. What it forks unasked is what imported modules start. */
static int fork_server_asked(int connection)
{
    process.asked = connection >= 0;
    return connection;
}

/* accept(2) goes on after a handler that was installed with SA_RESTART; poll(2), select(2) and their like never do. */
static int watched_accept(int fd, void *address, void *length)
{
    if (is_fork_server())
        return fork_server_asked(real.accept(fd, address, length));
    return came_to_accept(fd, CALL(NULL)) == SIGNALS_INTERRUPTING ? INTERRUPTED : real.accept(fd, address, length);
}

static int watched_accept4(int fd, void *address, void *length, int flags)
{
    if (is_fork_server())
        return fork_server_asked(real.accept4(fd, address, length, flags));
    return came_to_accept(fd, CALL(NULL)) == SIGNALS_INTERRUPTING ? INTERRUPTED
                                                                  : real.accept4(fd, address, length, flags);
}

static int watched_poll(struct pollfd *fds, unsigned long count, int ms)
{
    return came_to_poll(fds, count, CALL(NULL)) != SIGNALS_NONE ? INTERRUPTED : real.poll(fds, count, ms);
}

static int watched___poll_chk(struct pollfd *fds, unsigned long count, int ms, size_t size)
{
    return came_to_poll(fds, count, CALL(NULL)) != SIGNALS_NONE ? INTERRUPTED : real.__poll_chk(fds, count, ms, size);
}

static int watched_ppoll(struct pollfd *fds, unsigned long count, const struct timespec *timeout, const void *mask)
{
    return came_to_poll(fds, count, CALL(mask)) != SIGNALS_NONE ? INTERRUPTED : real.ppoll(fds, count, timeout, mask);
}

static int watched___ppoll_chk(struct pollfd *fds, unsigned long count, const struct timespec *timeout,
                               const void *mask, size_t size)
{
    return came_to_poll(fds, count, CALL(mask)) != SIGNALS_NONE ? INTERRUPTED
                                                                : real.__ppoll_chk(fds, count, timeout, mask, size);
}

static int watched_select(int count, void *reads, void *writes, void *errors, struct timeval *timeout)
{
    return came_to_select(count, reads, CALL(NULL)) != SIGNALS_NONE
               ? INTERRUPTED
               : real.select(count, reads, writes, errors, timeout);
}

static int watched_pselect(int count, void *reads, void *writes, void *errors, const struct timespec *timeout,
                           const void *mask)
{
    return came_to_select(count, reads, CALL(mask)) != SIGNALS_NONE
               ? INTERRUPTED
               : real.pselect(count, reads, writes, errors, timeout, mask);
}

static int watched_epoll_ctl(int epoll, int operation, int fd, void *event)
{
    if (operation == EPOLL_CTL_ADD && process.listened)
        epoll_filled(epoll, fd, CALL(NULL));
    int result = real.epoll_ctl(epoll, operation, fd, event);
    if (operation == EPOLL_CTL_ADD && process.listened && process.any && result == 0)
        epoll_filled_elsewhere(epoll, CALL(NULL));
    return result;
}

static int watched_epoll_wait(int epoll, void *events, int count, int ms)
{
    return epoll_interrupted(epoll, ms != 0, CALL(NULL)) ? INTERRUPTED : real.epoll_wait(epoll, events, count, ms);
}

static int watched_epoll_pwait(int epoll, void *events, int count, int ms, const void *mask)
{
    return epoll_interrupted(epoll, ms != 0, CALL(mask)) ? INTERRUPTED
                                                         : real.epoll_pwait(epoll, events, count, ms, mask);
}

/*
 * Exported under the functions' names and called by ours: a jump, with the caller's registers and stack untouched.
 */
#define HOOK(name, parameters, arguments)                                                                              \
    EXPORTED int hook_##name(REGISTERS) __asm__(#name);                                                                \
    int hook_##name(REGISTERS)                                                                                         \
    {                                                                                                                  \
        return __atomic_load_n(&jump_table.name, __ATOMIC_RELAXED)(PASSED);                                            \
    }
#include "interpose/hooks.def"
#undef HOOK

/* ---- fork -----------------------------------------------------------------------------------------------------------
 */

/* Without CUDA nothing is asked of the system, unless a report or a log line is wanted. */
static void fork_moment_without_cuda(void)
{
    int state = PTHREAD_CANCEL_ENABLE;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    session_skip(&session, false, policy_reason_text(REASON_NO_CUDA));
    pthread_setcancelstate(state, NULL);
}

/*
 * In the child, once all handlers of pthread_atfork have run in it. Its own children are not warmed. A worker of a fork
 * server is warmed as a spawned one is: also where the libraries are still to be loaded.
 */
static void fork_moment(void)
{
    struct quiet quiet;
    const bool server = is_fork_server();
    process.state = STATE_NOTHING;
    watch_end();
    if (may_be_cancelled_anywhere() || (server && !process.asked))
        return;
    if (!server && !session.process.facts.fat_binary && !loaded_look(&session.loaded)) {
        fork_moment_without_cuda();
        return;
    }
    if (may_be_in_handler(NULL))
        return;
    process.pid = getpid();
    quiet_begin(&quiet);
    if (server)
        warm_for(TRIGGER_FORK_SERVER, REASON_FORKED_BY_SERVER);
    else
        warm_for(TRIGGER_FORK, REASON_FORKED);
    quiet_end(&quiet, NULL);
}

/*
 * Not in a handler of pthread_atfork: glibc 2.28 to 2.35 hold the lock of the list of handlers while these run, if the
 * parent had threads, and a driver that registers one or forks would wait for it for ever.
 */
static int watched_fork(void)
{
    int child = real.fork(), saved = errno;
    if (child > 0)
        process.asked = false;
    if (child == 0)
        fork_moment();
    else if (child > 0 && (process.words || session.config.asks))
        tell_children(CALL(NULL));
    errno = saved;
    return child;
}

/*
 * In the parent, before fork returns there. A child by vfork or posix_spawn does not count. A master may wait in no
 * hooked call at all, so it says here what it is, where words are wanted; else all happens in memory alone.
 */
static void forks(void)
{
    if (process.state == STATE_WAITS && process.listened) {
        int saved = errno;
        process.forks = true;
        if (process.words)
            tell(-1, CALL(NULL));
        errno = saved;
    }
    if (process.state != STATE_WARMED || __atomic_fetch_add(&session.forked_after, 1, __ATOMIC_RELAXED) > 0)
        return;
    if (process.words && !__atomic_exchange_n(&watching, 1, __ATOMIC_SEQ_CST)) {
        process.tells = process.forked_warm = true;
        watch();
    }
}

/* In the child, where it is to have a report of its own; under GPUWARM_TRIGGER=fork it gets one at once. */
static void forked_tells(void)
{
    bool waits = process.state == STATE_WAITS && !policy_warms_children(session.decision.trigger);
    process.said = process.refused = process.told = process.tell_waits = session.forked_after = session.forked_told = 0;
    process.forks = process.forked_warm = process.gave_up = session.refused = false;
    process.forked = session_report_is_own(&session) && (waits || process.state == STATE_WARMED);
    process.tells |= process.forked;
    if (process.forked && waits)
        watch();
}

/* In every child that the C library forks, before fork returns there. A child of one that waits decides for itself. */
static void forked(void)
{
    int saved = errno;
    /* Before a child of its own by vfork can be the one that asks; elsewhere a filter may allow it too little. */
    process.pid = process.listened && could_have_cuda() ? getpid() : 0;
    process.thread = THREAD_SELF();
    process.child = true;
    waits_anew();
    if (process.words)
        forked_tells();
    if (process.state == STATE_WARMED) {
        process.state = STATE_CHILD_OF_WARMED;
        watching = 1;
        watch();
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
    if (!stack_allows())
        return;
    signals_hold_all(&signals);
    session_warm(&session, session.decision.trigger, false, session.reason);
    signals_release(&signals);
    warmed();
}

/* From now on the process is watched, and its children with it. */
static void wait_for_moment(void)
{
    sigprocmask(SIG_BLOCK, NULL, &process.mask);
    process.any = session.config.trigger == SETTING_SERVE;
    process.tells = process.words && process.state == STATE_WAITS;
    /* A worker of multiprocessing may be given a socket that its parent has made to listen. */
    process.listened = session.process.facts.role != ROLE_NONE || listener_inherited();
    watching = 1;
    watch();
}

static void begin(const struct start *start)
{
    if (!session_open(&session, start))
        return;
    session_tell(&session);
    if (session.decision.trigger == TRIGGER_NONE)
        return;
    process.pid = getpid();
    process.words = session_wants_words(&session);
    process.initial = process.thread = THREAD_SELF();
    process.stack_top = start->argv;
    memory_begin(start->argv);
    real_find(session.image.maps);
    if (policy_is_before_main(session.decision.trigger)) {
        load_moment();
    } else {
        process.state = STATE_WAITS;
        session_prefetch(&session);
    }
    /* Warm already, it may still load libraries that can be made ready when it serves. */
    if (process.state == STATE_WAITS || (process.state == STATE_WARMED && session_has_libraries(&session)))
        wait_for_moment();
    session_keep(&session);
    if (session.libc.at_fork)
        session.libc.at_fork(NULL, forks, forked, NULL);
}

static bool is_set_to(const struct start *start, const char *name, const char *value)
{
    const char *set = environment_get(start->environment, name);
    return set && strcmp(set, value) == 0;
}

/* Has a skipped program something to say (skip.def)? Asked of the variables as they stand: most have not. */
static bool may_tell_skipped(const struct start *start, enum log_level level)
{
    if (level == LOG_WARN &&
        (is_set_to(start, "GPUWARM_TRIGGER", "load") || is_set_to(start, "GPUWARM_TRIGGER", "serve")))
        return true;
    return is_set_to(start, "GPUWARM_LOG", "debug") || (level < LOG_DEBUG && is_set_to(start, "GPUWARM_LOG", "info"));
}

/*
 * The way out of every shell and tool, by which most processes of a tree leave: no report, no complaint, no call of a
 * function by name (tests/e2e/library.c). The environment of a privileged program is somebody else's: nothing is
 * written anywhere on its behalf.
 */
static bool is_left_alone(const struct start *start)
{
    const struct program program = program_from(start->argc, start->argv);
    struct skip skip;
    return start->secure || (program_skip(&program, environment_get(start->environment, "GPUWARM_SKIP"), &skip) &&
                             !may_tell_skipped(start, skip.level));
}

__attribute__((constructor)) static void gpuwarm_load(int argc, char **argv, char **environment)
{
    struct start start;
    if (!auxv_find(argc, argv, environment, &start))
        return;
    real_auxiliary = start.auxiliary;
    if (is_left_alone(&start) || stack_left_at_start(argv) < START_BYTES)
        return;
    int saved = errno;
    begin(&start);
    errno = saved;
}

__attribute__((destructor)) static void gpuwarm_exit(void)
{
    if (process.state != STATE_WARMED && !process.words && !session.config.asks)
        return;
    int saved = errno, cancellation;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellation);
    if (process.state == STATE_WARMED)
        session_check_visible(&session, process.pid);
    tell_end();
    pthread_setcancelstate(cancellation, NULL);
    errno = saved;
}
