/* SPDX-License-Identifier: MIT */
/*
 * A seccomp filter, by name: `kill` ends the process at a system call that is not one of those that steps.c makes
 * itself, `refuse` lets those fail that the driver begins with, `trap` has a handler of SIGSYS let them fail, as
 * browsers' sandboxes do, `refuse-files` every opening of a file, and `refuse-copy` process_vm_readv(2), as in some
 * containers.
 */
#ifndef HOST_FILTER_H
#define HOST_FILTER_H

#include <dlfcn.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <link.h>
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

/* Waiting, reading, writing and ending in every way, and fork, but for what filter_let_fork_block adds. */
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

struct filter {
    struct sock_filter code[64];
    unsigned short length;
};

static void filter_add(struct filter *filter, unsigned code, unsigned value, unsigned if_true, unsigned if_false)
{
    filter->code[filter->length++] =
        (struct sock_filter){(unsigned short)code, (unsigned char)if_true, (unsigned char)if_false, value};
}

static void filter_load(struct filter *filter, size_t member)
{
    filter_add(filter, BPF_LD | BPF_W | BPF_ABS, (unsigned)member, 0, 0);
}

static void filter_return(struct filter *filter, unsigned result)
{
    filter_add(filter, BPF_RET | BPF_K, result, 0, 0);
}

/* Every system call in the list does `listed`; others go on to what is added next. */
static void filter_list(struct filter *filter, const unsigned short *list, size_t count, unsigned listed)
{
    filter_load(filter, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < count; i++) {
        filter_add(filter, BPF_JMP | BPF_JEQ | BPF_K, list[i], 0, 1);
        filter_return(filter, listed);
    }
}

/* Where the C library's code ends, in bytes from the beginning of the library. */
static unsigned filter_code_end(const char *base)
{
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)(const void *)base;
    const ElfW(Phdr) *segments = (const ElfW(Phdr) *)(const void *)(base + header->e_phoff);
    ElfW(Addr) end = 0;
    for (int i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == PT_LOAD && (segments[i].p_flags & PF_X))
            end = segments[i].p_vaddr + segments[i].p_memsz;
    return (unsigned)end;
}

/*
 * From glibc 2.41 on fork blocks signals, in functions that have no name. To let rt_sigprocmask through would hide the
 * library's own. So it is let through only from inside the C library, and not from the functions that others call for
 * it (sigprocmask calls pthread_sigmask). The low half of an address is enough: the C library is smaller than 4 GiB.
 */
static bool filter_let_fork_block(struct filter *filter)
{
    static const char *const others[] = {"pthread_sigmask", "syscall"};
    enum { OTHERS = sizeof others / sizeof *others, BEFORE = 3, EACH = 3 };
    Dl_info libc, found;
    if (strverscmp(gnu_get_libc_version(), "2.41") < 0)
        return true;
    if (dladdr(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"), &libc) == 0)
        return false;
    const char *base = libc.dli_fbase;
    filter_add(filter, BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigprocmask, 0, BEFORE + OTHERS * EACH + 1);
    filter_load(filter, offsetof(struct seccomp_data, instruction_pointer));
    filter_add(filter, BPF_ALU | BPF_SUB | BPF_K, (unsigned)(size_t)base, 0, 0);
    filter_add(filter, BPF_JMP | BPF_JGE | BPF_K, filter_code_end(base), OTHERS * EACH + 1, 0);
    for (int i = 0; i < OTHERS; i++) {
        const ElfW(Sym) *symbol = NULL;
        void *function = dlsym(RTLD_DEFAULT, others[i]);
        if (dladdr1(function, &found, (void **)&symbol, RTLD_DL_SYMENT) == 0 || found.dli_fbase != base)
            return false;
        /* The address of a system call is that of the instruction after it. */
        unsigned start = (unsigned)((char *)function - base);
        filter_add(filter, BPF_JMP | BPF_JGT | BPF_K, start, 0, 2);
        filter_add(filter, BPF_JMP | BPF_JGT | BPF_K, start + (unsigned)symbol->st_size, 1, 0);
        filter_return(filter, SECCOMP_RET_KILL_PROCESS);
    }
    filter_return(filter, SECCOMP_RET_ALLOW);
    return true;
}

static bool filter_install(const struct filter *filter)
{
    struct sock_fprog program = {.len = filter->length, .filter = (struct sock_filter *)filter->code};
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
    struct filter filter = {.length = 0};
    if (strcmp(name, "kill") == 0) {
        filter_list(&filter, filter_own, FILTER_SIZE(filter_own), SECCOMP_RET_ALLOW);
        if (!filter_let_fork_block(&filter))
            return false;
        filter_return(&filter, SECCOMP_RET_KILL_PROCESS);
        return filter_install(&filter);
    }
    if (strcmp(name, "trap") == 0)
        sigaction(SIGSYS, &(struct sigaction){.sa_sigaction = filter_trapped, .sa_flags = SA_SIGINFO}, NULL);
    if (strcmp(name, "refuse-files") == 0)
        filter_list(&filter, filter_files, FILTER_SIZE(filter_files), refused);
    else if (strcmp(name, "refuse-copy") == 0)
        filter_list(&filter, filter_copy, FILTER_SIZE(filter_copy), refused);
    else
        filter_list(&filter, filter_drivers, FILTER_SIZE(filter_drivers),
                    strcmp(name, "trap") == 0 ? SECCOMP_RET_TRAP : refused);
    filter_return(&filter, SECCOMP_RET_ALLOW);
    return filter_install(&filter);
}

#endif
