/* SPDX-License-Identifier: MIT */
/*
 * Whether and when a process is warmed: a pure function from what is known about it. The facts are gathered in
 * facts.c, cheapest first, and only as far as they can still matter.
 */
#ifndef GPUWARM_POLICY_H
#define GPUWARM_POLICY_H

#include "policy/config.h"
#include "policy/marker.h"
#include "policy/program.h"
#include <stdbool.h>

struct facts {
    bool secure;              /* set-uid, set-gid or with file capabilities (AT_SECURE) */
    const char *skipped;      /* the entry of the skip list that matched, NULL when none */
    enum program_role role;   /* what Python's multiprocessing has started it for */
    bool nested;              /* it was started so by a worker, not by the program itself */
    const char *own_driver;   /* another libcuda.so.1 than ours that the program may open (runpath.h), or NULL */
    bool unreadable;          /* the executable is not laid out as expected: none of the facts below is known */
    bool opened_late;         /* the library came with dlopen, not with LD_PRELOAD */
    const char *cuda_library; /* a CUDA library that the executable links, NULL when none */
    bool fat_binary;          /* the executable carries a fat binary */
    /* Of the executable, of what lies between it and the CUDA libraries that it links, and of what else it links
     * itself: */
    const char *forks_with;   /* an import by which the program makes children that go on without exec, or NULL */
    bool leads_others;        /* it imports one of those, or one by which programs are started */
    const char *closes_with;  /* an import by which the program may close the driver's descriptors, or NULL */
    const char *alone_with;   /* an import that the kernel refuses to a process of several threads, or NULL */
    const char *user_with;    /* an import by which it becomes another user, or NULL */
    const char *limits_with;  /* an import by which it limits its addresses or locks its memory, or NULL */
    const char *chooses_with; /* a variable by which GPUs are chosen and which it names, or NULL */
    const char *sets_flags;   /* an import by which it sets a primary context's flags and is refused later, or NULL */
    bool unpacks;             /* it is PyInstaller's loader, and not yet the program that this starts */
    bool too_large;           /* there is too much to be searched for those */
    bool asks_only;           /* its one argument is --version, --help or the like */
    const char *injection;    /* a variable by which a tool is injected (tools.def), NULL when none */
    enum marker_relation ancestor;
};

enum reason {
#define REASON(name, text) REASON_##name,
#include "policy/reasons.def"
#undef REASON
    REASON_COUNT
};

/*
 * The moment at which a process is warmed. TRIGGER_SPAWN is one of load's kind, in a worker that multiprocessing has
 * spawned; TRIGGER_FORK_SERVER one of fork's kind, in the workers of its fork server.
 */
enum trigger { TRIGGER_NONE, TRIGGER_LOAD, TRIGGER_SERVE, TRIGGER_FORK, TRIGGER_SPAWN, TRIGGER_FORK_SERVER };

struct decision {
    enum trigger trigger;
    enum reason reason; /* why, or why not */
    const char *detail; /* what "%s" in the reason's text stands for; NULL when it has none */
};

/* Depends on nothing but its arguments, and borrows from them. */
struct decision policy_decide(const struct config *config, const struct facts *facts);

/* "load", "serve", "fork", "spawn" (also for a fork server's workers); NULL for none. */
const char *policy_trigger_name(enum trigger trigger);

/* Is that moment in the constructor, before main? */
bool policy_is_before_main(enum trigger trigger);

/* Are its children warmed, and it itself not? */
bool policy_warms_children(enum trigger trigger);

/*
 * Is a device that is only our guess left alone then? A worker of multiprocessing is told its device in the arguments
 * of its function, which it reads later.
 */
bool policy_device_comes_later(enum trigger trigger);

/* Is this process a CUDA executable: does it link a CUDA library or carry a fat binary? */
bool policy_is_cuda_executable(const struct facts *facts);

/*
 * May this process take a GPU that only one process can have, at this moment? Surely no launcher may, whose worker
 * would be refused: a CUDA executable that cannot start anybody may, and who is to be warmed by the user's word when it
 * serves or was forked, on a device that is the user's word too. Not a worker of multiprocessing: others beside it may
 * be the ones that use the GPU.
 */
bool policy_takes_exclusive(const struct config *config, const struct facts *facts, enum trigger trigger);

/* The reason in words. A literal with at most one "%s", for the detail. */
const char *policy_reason_text(enum reason reason);

#endif
