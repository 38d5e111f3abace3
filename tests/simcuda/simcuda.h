/* SPDX-License-Identifier: MIT */
/*
 * What the files of the simulated driver share. See README.md here for what is simulated and what the environment
 * variables mean. Every exported function is written with SIMULATED(), which wraps the body in the common part of a
 * call: journal, first-call latency, injected faults, and the states in which the real driver refuses (not
 * initialised, forked child, exit handlers run, descriptors closed by the program).
 */
#ifndef SIMCUDA_H
#define SIMCUDA_H

#include "cuda/cuda_abi.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define SIMCUDA_EXPORT __attribute__((visibility("default")))

enum {
#define CUDA_RESULT(name, value) SIM_##name = value,
#include "cuda_results.def"
#undef CUDA_RESULT
};

enum { SIMCUDA_DEVICES_MAX = 64, SIMCUDA_NO_DEVICE = -1 };

/* What a call needs before it may run. */
enum need { NEED_NOTHING, NEED_INIT, NEED_CONTEXT };

struct call {
    const char *function;
    CUresult result;
    int64_t start_ns;
    char detail[256];
};

/* Starts a call: false when it must not run, with the result to return in call->result. */
bool simcuda_call_begin(struct call *call, const char *function, enum need need, int device);
/* Ends it: writes the journal line and gives back call->result. */
CUresult simcuda_call_end(struct call *call);
/* Adds `key=value` words to the journal line of this call. */
__attribute__((format(printf, 2, 3))) void simcuda_call_detail(struct call *call, const char *format, ...);

#define SIMCUDA_UNPACK(...) __VA_ARGS__
/*
 * SIMULATED(name, need, device, (parameters), (arguments)) { body; return result; }
 * The body sees `call` and the parameters. `device` is an expression over the parameters or SIMCUDA_NO_DEVICE.
 */
#define SIMULATED(name, need, device, parameters, arguments)                                                           \
    static CUresult simulate_##name(struct call *call, SIMCUDA_UNPACK parameters);                                     \
    SIMCUDA_EXPORT CUresult name parameters;                                                                           \
    CUresult name parameters                                                                                           \
    {                                                                                                                  \
        struct call call;                                                                                              \
        if (simcuda_call_begin(&call, #name, need, device))                                                            \
            call.result = simulate_##name(&call, SIMCUDA_UNPACK arguments);                                            \
        return simcuda_call_end(&call);                                                                                \
    }                                                                                                                  \
    static CUresult simulate_##name(struct call *call, SIMCUDA_UNPACK parameters)

/* The same for functions without parameters. */
#define SIMULATED_0(name, need)                                                                                        \
    static CUresult simulate_##name(struct call *call);                                                                \
    SIMCUDA_EXPORT CUresult name(void);                                                                                \
    CUresult name(void)                                                                                                \
    {                                                                                                                  \
        struct call call;                                                                                              \
        if (simcuda_call_begin(&call, #name, need, SIMCUDA_NO_DEVICE))                                                 \
            call.result = simulate_##name(&call);                                                                      \
        return simcuda_call_end(&call);                                                                                \
    }                                                                                                                  \
    static CUresult simulate_##name(struct call *call)

/* version.c: the CUDA version that the driver is of, 1000 * major + 10 * minor. */
extern const int simcuda_version;

/* settings.c: the SIMCUDA_* variables, read at the first call of the process. */
struct settings {
    unsigned devices;     /* SIMCUDA_DEVICES: GPUs in the simulated machine */
    bool exclusive;       /* SIMCUDA_COMPUTE_MODE=exclusive */
    bool mig;             /* SIMCUDA_MIG=1: every GPU is one MIG instance */
    bool helper;          /* SIMCUDA_HELPER=1: cuInit starts a process */
    bool fork_handlers;   /* SIMCUDA_FORK_HANDLERS=1: cuInit registers some */
    unsigned cpu_ms;      /* SIMCUDA_CPU_MS: processor time that cuInit takes */
    char journal[4096];   /* SIMCUDA_JOURNAL: file, or empty */
    char latencies[2048]; /* SIMCUDA_LATENCY_MS, as given */
    char faults[2048];    /* SIMCUDA_FAULT, as given */
};
const struct settings *simcuda_settings(void);
/* The milliseconds that the first call of `function` costs, 0 when none are set. */
double simcuda_latency_ms(const char *function);
/* The fault set for the nth call (from 1) of `function`: 0 none, a result code, or one of the two below. */
enum { FAULT_HANG = -1, FAULT_CRASH = -2 };
int simcuda_fault(const char *function, unsigned nth);

/* journal.c */
int64_t simcuda_now_ns(void);
void simcuda_journal_write(const struct call *call, int64_t end_ns);

/* state.c: what the whole process knows. */
extern pthread_mutex_t simcuda_lock; /* guards every list below; never held while a call sleeps */
bool simcuda_is_initialised(void);
CUresult simcuda_state(void); /* SUCCESS, or why every call is refused now */
unsigned simcuda_visible_count(void);
unsigned simcuda_visible_device(CUdevice device); /* the physical index behind an ordinal */
bool simcuda_device_valid(CUdevice device);

/* effort.c: what cuInit does once in a process beside its own work. Adds to the call's detail. */
void simcuda_effort(struct call *call);

/* resident.c: what the driver keeps in a process from cuInit on. */
bool simcuda_resident_start(void);
bool simcuda_resident_intact(void);
bool simcuda_exclusive_take(unsigned physical); /* false: another process has this GPU */

/* device.c */
void simcuda_device_uuid(unsigned physical, bool mig, CUuuid *uuid);
extern const size_t SIMCUDA_MEMORY_BYTES; /* of one simulated GPU */

/* context.c */
struct CUctx_st {
    struct CUctx_st *next;
    CUdevice device;
    unsigned flags;
    bool primary;
};
CUcontext simcuda_context_current(void); /* of this thread, NULL when none */
bool simcuda_context_valid(CUcontext context);
/* For callers that hold simcuda_lock. NULL: no memory. */
CUcontext simcuda_context_new(CUdevice device, unsigned flags, bool primary);
void simcuda_context_drop(CUcontext context);

/* memory.c */
struct simcuda_range {
    char *start;
    size_t bytes;
};
size_t simcuda_memory_used(CUdevice device);
/* The live block, of device memory or pinned, in which all of [pointer, pointer + bytes) lies; false: in none. */
bool simcuda_memory_find(CUdeviceptr pointer, size_t bytes, struct simcuda_range *range);
/* Zeroed device memory of the current context, for what a module needs. */
CUresult simcuda_memory_new(void **start, size_t bytes);
void simcuda_memory_free(void *start);

/* ptx.c */
bool simcuda_ptx_has_entry(const char *ptx, const char *name);
/* The size of the variable that the PTX defines under this name; 0: none. */
size_t simcuda_ptx_variable_bytes(const char *ptx, const char *name);

/* link.c */
/* What cuLinkComplete gave: the PTX in it; NULL: the image is something else. */
const char *simcuda_link_ptx(const void *image);
/* Empties the log buffers among JIT options: nothing here is compiled, so nothing is logged. */
void simcuda_jit_log(unsigned int count, const CUjit_option *options, void **values);

#endif
