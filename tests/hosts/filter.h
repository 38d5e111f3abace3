/* SPDX-License-Identifier: MIT */
/*
 * A seccomp filter, by name: `kill` ends the process at a system call that is not one of those that steps.c makes itself,
 * `refuse` lets those fail that the driver begins with, `trap` has a handler of SIGSYS let them fail, as browsers'
 * sandboxes do, `refuse-files` every opening of a file, and `refuse-copy` process_vm_readv(2), as in some containers.
 */
#ifndef HOST_FILTER_H
#define HOST_FILTER_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* Waiting, reading, writing and ending in every way, and fork. */
static const unsigned short filter_own[] = {
    SYS_read,     SYS_write,         SYS_close,      SYS_listen,      SYS_accept, SYS_accept4,         SYS_ppoll,
    SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl,  SYS_epoll_pwait, SYS_clone,  SYS_set_robust_list, SYS_wait4,
    SYS_exit,     SYS_exit_group,
#ifdef SYS_poll
    SYS_poll,     SYS_select,        SYS_epoll_wait,
#endif
#ifdef SYS_rseq
    SYS_rseq,
#endif
};

static const unsigned short filter_drivers[] = {SYS_memfd_create, SYS_eventfd2, SYS_socket};

static const unsigned short filter_files[] = {
    SYS_openat,
#ifdef SYS_open
    SYS_open,
#endif
};

static const unsigned short filter_copy[] = {SYS_process_vm_readv};

/* Every system call in the list does `listed`, every other `other`. */
static bool filter_install(const unsigned short *list, size_t count, unsigned listed, unsigned other)
{
    struct sock_filter code[64] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    unsigned short length = 1;
    for (size_t i = 0; i < count; i++) {
        code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, list[i], 0, 1);
        code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, listed);
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, other);
    struct sock_fprog program = {.len = length, .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

/* The call gives what is in the register for results afterwards. */
static void filter_trapped(int signal, siginfo_t *info, void *context)
{
    mcontext_t *registers = &((ucontext_t *)context)->uc_mcontext;
    (void)signal, (void)info;
#ifdef __x86_64__
    registers->gregs[REG_RAX] = -EPERM;
#else
    registers->regs[0] = (unsigned long long)-EPERM;
#endif
}

#define FILTER_SIZE(list) (sizeof(list) / sizeof *(list))

static bool filter_named(const char *name)
{
    const unsigned refused = SECCOMP_RET_ERRNO | EPERM;
    if (strcmp(name, "refuse") == 0)
        return filter_install(filter_drivers, FILTER_SIZE(filter_drivers), refused, SECCOMP_RET_ALLOW);
    if (strcmp(name, "trap") == 0) {
        sigaction(SIGSYS, &(struct sigaction){.sa_sigaction = filter_trapped, .sa_flags = SA_SIGINFO}, NULL);
        return filter_install(filter_drivers, FILTER_SIZE(filter_drivers), SECCOMP_RET_TRAP, SECCOMP_RET_ALLOW);
    }
    if (strcmp(name, "refuse-files") == 0)
        return filter_install(filter_files, FILTER_SIZE(filter_files), refused, SECCOMP_RET_ALLOW);
    if (strcmp(name, "refuse-copy") == 0)
        return filter_install(filter_copy, FILTER_SIZE(filter_copy), refused, SECCOMP_RET_ALLOW);
    return filter_install(filter_own, FILTER_SIZE(filter_own), SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS);
}

#endif
