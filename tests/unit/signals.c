/* SPDX-License-Identifier: MIT */
/* Signals held back: what writing raises is dropped, what came from elsewhere is delivered afterwards. */
#include "base/signals.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t caught;

static void catch (int signal)
{
    caught = caught * 100 + signal;
}

static bool is_blocked(int signal)
{
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    return sigismember(&mask, signal) == 1;
}

static void handle(int number)
{
    struct sigaction action = {.sa_handler = catch};
    cr_assert_eq(sigaction(number, &action, NULL), 0);
}

Test(signals, what_writing_raises_is_dropped)
{
    static const int numbers[] = {SIGPIPE, SIGXFSZ, SIGTTOU};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct signals signals;
        handle(numbers[i]);
        signals_hold_writing(&signals);
        cr_expect(is_blocked(numbers[i]));
        cr_expect_not(is_blocked(SIGTERM));
        raise(numbers[i]);
        signals_release(&signals);
        cr_expect_not(is_blocked(numbers[i]));
    }
    cr_expect_eq(caught, 0);
}

Test(signals, what_was_pending_stays)
{
    sigset_t set, pending;
    struct signals signals;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGPIPE);
    signals_hold_writing(&signals);
    signals_release(&signals);
    sigpending(&pending);
    cr_expect(sigismember(&pending, SIGPIPE));
    cr_expect(is_blocked(SIGPIPE), "it was before");
}

Test(signals, others_are_delivered_afterwards)
{
    struct signals signals;
    handle(SIGUSR1);
    handle(SIGPIPE);
    signals_hold_all(&signals);
    cr_expect(is_blocked(SIGTERM));
    cr_expect(is_blocked(SIGINT));
    cr_expect_not(is_blocked(SIGSEGV), "a fault cannot wait");
    raise(SIGUSR1);
    raise(SIGPIPE);
    cr_expect_eq(caught, 0);
    signals_release(&signals);
    cr_expect_eq(caught, SIGUSR1);
    cr_expect_not(is_blocked(SIGTERM));
}

static void handle_with(int number, int flags)
{
    struct sigaction action = {.sa_handler = catch, .sa_flags = flags};
    cr_assert_eq(sigaction(number, &action, NULL), 0);
}

static void ignore(int number)
{
    cr_assert_eq(sigaction(number, &(struct sigaction){.sa_handler = SIG_IGN}, NULL), 0);
}

Test(signals, handled_ones_are_held_and_others_still_kill)
{
    struct signals signals;
    handle(SIGUSR1);
    handle(SIGSEGV);
    ignore(SIGHUP);
    signals_hold_handled(&signals);
    cr_expect(is_blocked(SIGUSR1));
    cr_expect(is_blocked(SIGPIPE), "what writing raises, too");
    cr_expect_not(is_blocked(SIGSEGV), "a fault cannot wait");
    cr_expect_not(is_blocked(SIGHUP));
    cr_expect_not(is_blocked(SIGTERM), "its default action ends the program");
    signals_release(&signals);
    cr_expect_not(is_blocked(SIGUSR1));
    cr_expect_not(is_blocked(SIGPIPE));
}

Test(signals, nothing_came)
{
    struct signals signals;
    handle(SIGUSR1);
    signals_hold_handled(&signals);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_NONE);
    signals_release(&signals);
    cr_expect_eq(caught, 0);
}

Test(signals, what_came_would_have_interrupted_or_not)
{
    struct signals signals;
    handle_with(SIGUSR1, SA_RESTART);
    handle_with(SIGUSR2, 0);
    signals_hold_handled(&signals);
    raise(SIGUSR1);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_RESTARTING);
    raise(SIGUSR2);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_INTERRUPTING, "one of them is enough");
    cr_expect_eq(caught, 0, "not before it is released");
    signals_release(&signals);
    cr_expect(caught == SIGUSR1 * 100 + SIGUSR2 || caught == SIGUSR2 * 100 + SIGUSR1);
}

Test(signals, what_writing_raises_came_from_elsewhere_where_it_is_handled)
{
    struct signals signals;
    handle(SIGPIPE);
    signals_hold_handled(&signals);
    raise(SIGPIPE);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_INTERRUPTING);
    signals_release(&signals);
    cr_expect_eq(caught, SIGPIPE, "delivered");
}

Test(signals, what_writing_raises_is_dropped_where_nobody_handles_it)
{
    struct signals signals;
    signals_hold_handled(&signals);
    raise(SIGPIPE);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_NONE);
    signals_release(&signals); /* would end the test */
}

Test(signals, what_the_program_blocked_does_not_count)
{
    struct signals signals;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    handle(SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signals_hold_handled(&signals);
    raise(SIGUSR1);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_NONE);
    signals_release(&signals);
    cr_expect(is_blocked(SIGUSR1));
    cr_expect_eq(caught, 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    cr_expect_eq(caught, SIGUSR1, "and is not lost");
}

Test(signals, what_has_no_handler_any_more_does_not_count)
{
    struct signals signals;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    handle(SIGUSR1);
    signals_hold_handled(&signals);
    raise(SIGUSR1);
    cr_assert_eq(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = SIG_DFL}, NULL), 0);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_NONE);
    cr_expect_eq(sigtimedwait(&set, NULL, &(struct timespec){0, 0}), SIGUSR1, "else it would end the test");
    signals_release(&signals);
}

/* ---- what was caused by ourselves ----------------------------------------------------------------------------------
 */

static volatile sig_atomic_t runs;
static siginfo_t told;

static void note(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    runs++;
    told = *info;
}

static void note_with(int number, int flags)
{
    cr_assert_eq(sigaction(number, &(struct sigaction){.sa_sigaction = note, .sa_flags = SA_SIGINFO | flags}, NULL), 0);
}

/* A child that has ended and can be waited for; `reaped`: that was. */
static pid_t child_ended(bool reaped)
{
    siginfo_t info;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    cr_assert_eq(waitid(P_PID, (id_t)child, &info, WEXITED | (reaped ? 0 : WNOWAIT)), 0);
    return child;
}

/* Holds them, does that, and releases them: what came, while nothing had been delivered. */
static enum signals_came came_of(void (*act)(void), const sigset_t *mask)
{
    struct signals signals;
    runs = 0;
    signals_hold_handled(&signals);
    act();
    enum signals_came came = signals_came(&signals, mask);
    cr_expect_eq(runs, 0, "not before it is released");
    signals_release(&signals);
    return came;
}

static void end_reaped(void)
{
    child_ended(true);
}

static void end_unreaped(void)
{
    child_ended(false);
}

static void end_both(void)
{
    child_ended(false);
    child_ended(true);
}

Test(signals, of_a_child_that_was_waited_for_is_ours)
{
    note_with(SIGCHLD, 0);
    cr_expect_eq(came_of(end_reaped, NULL), SIGNALS_NONE);
    cr_expect_eq(runs, 1, "its handler runs");
    cr_expect_eq(told.si_code, CLD_EXITED);
}

Test(signals, of_a_child_that_was_not_waited_for_is_the_programs)
{
    note_with(SIGCHLD, 0);
    cr_expect_eq(came_of(end_unreaped, NULL), SIGNALS_INTERRUPTING);
    cr_expect_eq(runs, 1);
    cr_expect_gt(waitpid(-1, NULL, WNOHANG), 0, "the program can still wait for it");
    cr_expect_eq(came_of(end_both, NULL), SIGNALS_INTERRUPTING, "two signals are one");
    note_with(SIGCHLD, SA_RESTART);
    cr_expect_eq(came_of(end_both, NULL), SIGNALS_RESTARTING);
}

static void skip_where_emulated(void)
{
    if (getenv("GPUWARM_TEST_EMULATED"))
        cr_skip_test("the emulator has signals and children of its own");
}

Test(signals, of_children_that_nobody_can_wait_for_are_the_programs, .init = skip_where_emulated)
{
    note_with(SIGCHLD, SA_NOCLDWAIT);
    struct signals signals;
    signals_hold_handled(&signals);
    if (fork() == 0)
        _exit(0);
    cr_expect_eq(waitpid(-1, NULL, 0), -1);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_INTERRUPTING);
    signals_release(&signals);
}

static pid_t stopped;

static void stop_one(void)
{
    siginfo_t info;
    stopped = fork();
    if (stopped == 0) {
        raise(SIGSTOP);
        _exit(0);
    }
    cr_assert_eq(waitid(P_PID, (id_t)stopped, &info, WSTOPPED | WNOWAIT), 0);
    child_ended(true);
}

Test(signals, of_a_child_that_stopped_is_the_programs_where_it_is_told_so)
{
    note_with(SIGCHLD, SA_NOCLDSTOP);
    cr_expect_eq(came_of(stop_one, NULL), SIGNALS_NONE);
    kill(stopped, SIGKILL);
    waitpid(stopped, NULL, 0);
    note_with(SIGCHLD, 0);
    cr_expect_eq(came_of(stop_one, NULL), SIGNALS_INTERRUPTING);
    kill(stopped, SIGKILL);
    waitpid(stopped, NULL, 0);
}

/* Until the timer has run out. */
static void take_processor_time(void)
{
    sigset_t pending;
    do
        sigpending(&pending);
    while (!sigismember(&pending, SIGPROF));
}

static void profile(void)
{
    setitimer(ITIMER_PROF, &(struct itimerval){.it_value = {0, 1000}}, NULL);
    take_processor_time();
}

static void profile_with_a_timer(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF, .sigev_value.sival_int = 7};
    timer_t timer;
    cr_assert_eq(timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer), 0);
    timer_settime(timer, 0, &(struct itimerspec){.it_value = {0, 1000000}}, NULL);
    take_processor_time();
}

Test(signals, of_timers_for_processor_time_are_ours)
{
    note_with(SIGPROF, 0);
    cr_expect_eq(came_of(profile, NULL), SIGNALS_NONE);
    cr_expect_eq(runs, 1);
    cr_expect(told.si_signo == SIGPROF && told.si_code == SI_KERNEL, "%d", told.si_code);
    cr_expect_eq(came_of(profile_with_a_timer, NULL), SIGNALS_NONE);
    cr_expect_eq(runs, 1);
    cr_expect(told.si_code == SI_TIMER && told.si_value.sival_int == 7, "%d", told.si_code);
}

static int wanted;

static void send_by_kill(void)
{
    kill(getpid(), wanted);
}

static void send_to_thread(void)
{
    raise(wanted);
}

static void send_queued(void)
{
    sigqueue(getpid(), wanted, (union sigval){.sival_int = 9});
}

/* What was taken to see who sent it is told as it would have been. */
Test(signals, of_somebody_else_are_not_ours)
{
    static const int numbers[] = {SIGPROF, SIGVTALRM};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        wanted = numbers[i];
        note_with(wanted, 0);
        cr_expect_eq(came_of(send_by_kill, NULL), SIGNALS_INTERRUPTING);
        cr_expect(runs == 1 && told.si_signo == wanted && told.si_code == SI_USER && told.si_pid == getpid());
        cr_expect_eq(came_of(send_to_thread, NULL), SIGNALS_INTERRUPTING);
        cr_expect(runs == 1 && told.si_code == SI_TKILL && told.si_pid == getpid() && told.si_uid == getuid());
        cr_expect_eq(came_of(send_queued, NULL), SIGNALS_INTERRUPTING);
        cr_expect(runs == 1 && told.si_code == SI_QUEUE && told.si_value.sival_int == 9);
    }
}

/* To this thread; what is sent to the process comes beside it, and would be looked at second. */
static void profile_thread_and_send(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF};
    timer_t timer;
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    cr_assert_eq(timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer), 0);
    timer_settime(timer, 0, &(struct itimerspec){.it_value = {0, 1000000}}, NULL);
    take_processor_time();
    send_by_kill();
}

Test(signals, of_a_timer_and_somebody_else_are_not_ours)
{
    wanted = SIGPROF;
    note_with(SIGPROF, 0);
    cr_expect_eq(came_of(profile_thread_and_send, NULL), SIGNALS_INTERRUPTING);
    cr_expect_eq(runs, 2);
}

/* As pselect(2) has programs do it. Ours are delivered before the wait, others in it. */
Test(signals, that_only_the_call_lets_in)
{
    sigset_t blocked, before, pending;
    wanted = SIGPROF;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigaddset(&blocked, SIGPROF);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    note_with(SIGCHLD, 0);
    note_with(SIGPROF, 0);
    cr_expect_eq(came_of(end_reaped, &before), SIGNALS_NONE);
    cr_expect_eq(runs, 1);
    cr_expect_eq(came_of(profile, &before), SIGNALS_NONE);
    cr_expect_eq(runs, 1);
    cr_expect(is_blocked(SIGCHLD) && is_blocked(SIGPROF));
    cr_expect_eq(came_of(end_reaped, &blocked), SIGNALS_NONE);
    cr_expect_eq(runs, 0, "the call does not let it in");
    sigpending(&pending);
    cr_expect(sigismember(&pending, SIGCHLD));
    cr_expect_eq(came_of(end_reaped, &before), SIGNALS_NONE);
    cr_expect_eq(runs, 0, "it was pending before");
    cr_expect_eq(came_of(send_by_kill, &before), SIGNALS_NONE);
    cr_expect_eq(runs, 0, "it is somebody else's, and interrupts the wait itself");
}

Test(signals, ours_do_not_hide_the_programs)
{
    note_with(SIGCHLD, SA_RESTART);
    handle_with(SIGUSR1, 0);
    struct signals signals;
    signals_hold_handled(&signals);
    child_ended(true);
    raise(SIGUSR1);
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_INTERRUPTING);
    signals_release(&signals);
    cr_expect_eq(caught, SIGUSR1);
    cr_expect_eq(runs, 1);
}

/* Then it is as it was: in doubt a call ends, as it would for a signal of the program's. */
Test(signals, where_the_system_may_not_be_asked)
{
    struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_waitid, 1, 0),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_tgsigqueueinfo, 0, 1),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    note_with(SIGCHLD, 0);
    note_with(SIGPROF, 0);
    struct signals signals;
    signals_hold_handled(&signals);
    child_ended(true);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        cr_skip_test("seccomp filters are not to be had here");
    cr_expect_eq(signals_came(&signals, NULL), SIGNALS_INTERRUPTING);
    signals_release(&signals);
    cr_expect_eq(came_of(profile, NULL), SIGNALS_INTERRUPTING);
    cr_expect(runs == 1 && told.si_code == SI_KERNEL, "not lost");
}

Test(signals, has_a_handler)
{
    struct sigaction action;
    handle_with(SIGUSR1, SA_RESTART);
    ignore(SIGUSR2);
    cr_expect(signals_has_handler(SIGUSR1, &action));
    cr_expect(action.sa_flags & SA_RESTART);
    cr_expect_not(signals_has_handler(SIGUSR2, &action));
    cr_expect_not(signals_has_handler(SIGHUP, &action));
    cr_expect_not(signals_has_handler(SIGNALS, &action), "there is no such signal");
}

Test(signals, release_keeps_errno)
{
    struct signals signals;
    signals_hold_all(&signals);
    errno = 77;
    signals_release(&signals);
    cr_expect_eq(errno, 77);
}

Test(signals, all_that_a_program_can_block, .init = skip_where_emulated)
{
    sigset_t mask;
    sigfillset(&mask);
    cr_expect(signals_are_all(&mask));
    sigdelset(&mask, SIGSEGV);
    sigdelset(&mask, SIGABRT);
    cr_expect(signals_are_all(&mask), "but faults");
    sigprocmask(SIG_BLOCK, &mask, NULL);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    cr_expect(signals_are_all(&mask), "as the kernel has it");
    sigdelset(&mask, SIGUSR1);
    cr_expect_not(signals_are_all(&mask));
    sigemptyset(&mask);
    cr_expect_not(signals_are_all(&mask));
}
