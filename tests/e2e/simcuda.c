/* SPDX-License-Identifier: MIT */
/*
 * The simulated driver's contract: what the other tests rely on. Each test opens it in its own process (Criterion
 * forks one for every test), with the environment that it sets first.
 */
#include "cuda/cuda_abi.h"
#include "run.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void *library;

/* Opens a simulator of the build folder after setting "NAME=value" settings. */
static void open_file_with(const char *file, const char *const *settings)
{
    run_setup();
    setenv("SIMCUDA_JOURNAL", run_scratch("journal"), 1);
    setenv("HOME", run_scratch("home"), 1);
    for (; settings && *settings; settings++)
        putenv(strdup(*settings));
    library = dlopen(run_build(file), RTLD_NOW);
    cr_assert_not_null(library, "%s", dlerror());
}

static void open_with(const char *const *settings)
{
    open_file_with("simcuda/libcuda.so.1", settings);
}

static void *function(const char *name)
{
    void *address = dlsym(library, name);
    cr_assert_not_null(address, "%s", name);
    return address;
}

/* Calls a driver function through its prototype: CALL(cuInit, 0). */
#define CALL(name, ...) (((__typeof__(name) *)function(#name))(__VA_ARGS__))

/* Prototypes of functions that the library itself does not call. */
CUresult cuCtxGetCurrent(CUcontext *context);
CUresult cuCtxGetDevice(CUdevice *device);
CUresult cuCtxCreate_v2(CUcontext *context, unsigned flags, CUdevice device);
CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags, int *active);
CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned flags);
CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device);
CUresult cuDevicePrimaryCtxSetFlags(CUdevice device, unsigned flags);
CUresult cuDevicePrimaryCtxRelease(CUdevice device);
CUresult cuDevicePrimaryCtxReset(CUdevice device);
CUresult cuMemGetInfo_v2(size_t *unused, size_t *total);
CUresult cuModuleLoadData(CUmodule *module, const void *image);
CUresult cuGetProcAddress_v2(const char *symbol, void **address, int version, uint64_t flags,
                             CUdriverProcAddressQueryResult *status);
CUresult cuGetExportTable(const void **table, const CUuuid *id);
CUresult cuDriverGetVersion(int *version);
CUresult cuMemGetAddressRange_v2(CUdeviceptr *base, size_t *bytes, CUdeviceptr pointer);
CUresult cuModuleGetGlobal_v2(CUdeviceptr *pointer, size_t *bytes, CUmodule module, const char *name);
CUresult cuFuncGetAttribute(int *value, int attribute, CUfunction function);
CUresult cuLinkCreate_v2(unsigned count, CUjit_option *options, void **values, void **link);
CUresult cuLinkAddData_v2(void *link, int type, const void *data, size_t bytes, const char *name, unsigned count,
                          CUjit_option *options, void **values);
CUresult cuLinkComplete(void *link, void **image, size_t *bytes);
CUresult cuLinkDestroy(void *link);
CUresult cuMemcpy2D_v2(const void *wanted);
CUresult cuMemcpy2DAsync_v2(const void *wanted, CUstream stream);

static CUcontext context_make(CUdevice device)
{
    CUcontext context = NULL;
    cr_assert_eq(CALL(cuInit, 0), 0);
    cr_assert_eq(CALL(cuDevicePrimaryCtxRetain, &context, device), 0);
    cr_assert_eq(CALL(cuCtxPushCurrent_v2, context), 0);
    return context;
}

/* What a child process exits with after running `body` in it. */
static int child_status(int (*body)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(body());
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const char sample_ptx[] = ".version 4.0\n.target sm_50\n.address_size 64\n.visible .entry first() { ret; }\n"
                                 ".visible .entry second(.param .u64 p)\n{ ret; }\n";

TestSuite(simcuda, .fini = run_teardown);

Test(simcuda, refuses_before_it_is_initialised)
{
    open_with(NULL);
    int count;
    CUcontext context;
    cr_expect_eq(CALL(cuDeviceGetCount, &count), 3);
    cr_expect_eq(CALL(cuInit, 1), 1, "flags must be 0");
    cr_expect_eq(CALL(cuInit, 0), 0);
    cr_expect_eq(CALL(cuDeviceGetCount, &count), 0);
    cr_expect_eq(count, 1);
    cr_expect_eq(CALL(cuDevicePrimaryCtxRetain, &context, 1), 101);
    CUdeviceptr memory;
    cr_expect_eq(CALL(cuMemAlloc_v2, &memory, 1), 201, "no context is current");
}

static int init_in_child(void)
{
    int count;
    return CALL(cuInit, 0) == 3 && CALL(cuDeviceGetCount, &count) == 3 ? 0 : 1;
}

static int init_fresh_in_child(void)
{
    return CALL(cuInit, 0);
}

Test(simcuda, refuses_everything_in_a_forked_child)
{
    open_with(NULL);
    cr_expect_eq(child_status(init_fresh_in_child), 0, "the parent had not initialised it");
    cr_assert_eq(CALL(cuInit, 0), 0);
    cr_expect_eq(child_status(init_in_child), 0);
    cr_expect_eq(CALL(cuInit, 0), 0, "the parent is as it was");
}

static void exit_after_driver(void)
{
    int count;
    _exit(CALL(cuDeviceGetCount, &count));
}

static int exit_handlers(void)
{
    atexit(exit_after_driver); /* registered before the driver's, so it runs after */
    CALL(cuInit, 0);
    exit(99);
}

Test(simcuda, is_deinitialised_after_its_exit_handlers)
{
    open_with(NULL);
    cr_expect_eq(child_status(exit_handlers), 4);
}

static int directory_count(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    struct dirent *entry;
    cr_assert_not_null(directory);
    while ((entry = readdir(directory)))
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

Test(simcuda, holds_descriptors_threads_and_a_listening_abstract_socket)
{
    open_with(NULL);
    int descriptors = directory_count("/proc/self/fd"), threads = directory_count("/proc/self/task"), listening = 0;
    cr_assert_eq(CALL(cuInit, 0), 0);
    cr_expect_geq(directory_count("/proc/self/fd"), descriptors + 3);
    cr_expect_eq(directory_count("/proc/self/task"), threads + 2);
    for (int fd = 0; fd < 64; fd++) {
        int listens = 0;
        socklen_t size = sizeof listens;
        struct sockaddr_un address = {0};
        socklen_t address_size = sizeof address;
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens &&
            getsockname(fd, (struct sockaddr *)&address, &address_size) == 0) {
            listening++;
            cr_expect_eq(address.sun_family, AF_UNIX);
            cr_expect_eq(address.sun_path[0], '\0', "abstract");
        }
    }
    cr_expect_eq(listening, 1);
}

/* As a program does that gives up on a device (ffmpeg): the driver's threads must not lose their code. */
Test(simcuda, stays_loaded_when_it_is_closed)
{
    open_with(NULL);
    cr_assert_eq(CALL(cuInit, 0), 0);
    cr_expect_eq(dlclose(library), 0);
    cr_expect_not_null(dlopen(run_build("simcuda/libcuda.so.1"), RTLD_NOW | RTLD_NOLOAD));
}

/* In a child: Criterion needs its own descriptors. */
static int close_all(void)
{
    int count = 0, open_again = 0;
    CUresult before = CALL(cuInit, 0);
    run_close_from(3);
    CUresult closed = CALL(cuDeviceGetCount, &count);
    for (int i = 0; i < 16; i++)
        open_again += open("/dev/zero", O_RDONLY) >= 0;
    CUresult replaced = CALL(cuDeviceGetCount, &count);
    return before == 0 && closed != 0 && replaced != 0 && open_again == 16 ? 0 : 1;
}

/* Its threads run in it: the CUDA runtime closes a driver that it does not accept. */
Test(simcuda, stays_when_it_is_closed)
{
    open_with(NULL);
    cr_assert_eq(CALL(cuInit, 0), 0);
    cr_assert_eq(dlclose(library), 0);
    cr_assert_not_null(dlopen(run_build("simcuda/libcuda.so.1"), RTLD_NOW | RTLD_NOLOAD));
}

Test(simcuda, fails_when_the_program_closes_its_descriptors)
{
    open_with(NULL);
    cr_expect_eq(child_status(close_all), 0, "also when other files came to be under the same numbers");
}

Test(simcuda, first_calls_cost_what_is_set_and_later_ones_nothing)
{
    open_with(
        LIST("SIMCUDA_LATENCY_MS=cuInit=400,cuDevicePrimaryCtxRetain=300,cuMemAlloc_v2=200", "SIMCUDA_DEVICES=2"));
    CUcontext context;
    CUdeviceptr memory;
    context_make(0);
    for (int i = 0; i < 2; i++) {
        CALL(cuInit, 0);
        CALL(cuDevicePrimaryCtxRetain, &context, 1);
        CALL(cuMemAlloc_v2, &memory, 8);
    }
    struct journal *journal = journal_read();
    const char *const names[] = {"cuInit", "cuDevicePrimaryCtxRetain", "cuCtxPushCurrent_v2",
                                 "cuInit", "cuDevicePrimaryCtxRetain", "cuMemAlloc_v2",
                                 "cuInit", "cuDevicePrimaryCtxRetain", "cuMemAlloc_v2"};
    const int costs[] = {400, 300, 0, 0, 300, 200, 0, 0, 0}; /* retaining names a device: its cost is the device's */
    cr_assert_eq(journal->count, 9);
    for (size_t i = 0; i < 9; i++) {
        cr_expect_str_eq(journal->lines[i].function, names[i]);
        cr_expect_geq(journal->lines[i].duration_ns, costs[i] * 1000000LL);
        cr_expect(costs[i] || journal->lines[i].duration_ns < 150000000, "call %zu is no first call", i);
    }
}

static volatile sig_atomic_t children_ended;

static void count_child(int signal)
{
    (void)signal;
    children_ended++;
}

Test(simcuda, a_helper_is_started_and_waited_for)
{
    open_with(LIST("SIMCUDA_HELPER=1"));
    signal(SIGCHLD, count_child);
    CALL(cuInit, 0);
    CALL(cuInit, 0);
    cr_expect_eq(children_ended, 1);
    cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "none is left");
    cr_expect_eq(journal_calls(journal_read(), "cuInit", "helper=reaped"), 1);
}

Test(simcuda, processor_time_is_taken)
{
    open_with(LIST("SIMCUDA_CPU_MS=100"));
    clock_t before = clock();
    CALL(cuInit, 0);
    cr_expect_geq(clock() - before, CLOCKS_PER_SEC / 10);
    before = clock();
    CALL(cuInit, 0);
    cr_expect_lt(clock() - before, CLOCKS_PER_SEC / 10);
}

Test(simcuda, faults_come_where_they_are_set)
{
    open_with(LIST("SIMCUDA_FAULT=cuMemAlloc_v2=2@2,cuStreamCreate=999"));
    CUdeviceptr memory;
    CUstream stream;
    context_make(0);
    cr_expect_eq(CALL(cuMemAlloc_v2, &memory, 8), 0);
    cr_expect_eq(CALL(cuMemAlloc_v2, &memory, 8), 2, "only the second");
    cr_expect_eq(CALL(cuMemAlloc_v2, &memory, 8), 0);
    cr_expect_eq(CALL(cuStreamCreate, &stream, 1), 999);
    cr_expect_eq(CALL(cuStreamCreate, &stream, 1), 999, "every one");
}

Test(simcuda, images_of_a_kind_are_refused_where_that_is_set)
{
    open_with(LIST("SIMCUDA_FAULT=ptx=221"));
    CUmodule module;
    context_make(0);
    cr_expect_eq(CALL(cuModuleLoadData, &module, sample_ptx), 221);
    cr_expect_eq(CALL(cuModuleLoadData, &module, "no image"), 200);
    cr_expect_eq(CALL(cuModuleLoadData, &module,
                      "\x7f"
                      "ELF"),
                 0, "machine code needs no compiler");
}

static int init_with_alarm(void)
{
    alarm(1);
    return CALL(cuInit, 0);
}

Test(simcuda, can_crash)
{
    open_with(LIST("SIMCUDA_FAULT=cuInit=crash"));
    cr_expect_eq(child_status(init_with_alarm), 128 + SIGSEGV);
}

Test(simcuda, can_hang)
{
    open_with(LIST("SIMCUDA_FAULT=cuInit=hang"));
    cr_expect_eq(child_status(init_with_alarm), 128 + SIGALRM);
}

Test(simcuda, reads_visible_devices_once_at_init)
{
    open_with(LIST("SIMCUDA_DEVICES=4", "CUDA_VISIBLE_DEVICES=2,gpu-5162,9,1"));
    int count = 0;
    char name[64];
    cr_assert_eq(CALL(cuInit, 0), 0);
    setenv("CUDA_VISIBLE_DEVICES", "3", 1);
    CALL(cuInit, 0);
    CALL(cuDeviceGetCount, &count);
    cr_expect_eq(count, 2, "up to the first entry that names none");
    CALL(cuDeviceGetName, name, sizeof name, 0);
    cr_expect_str_eq(name, "Simulated GPU 2");
    CALL(cuDeviceGetName, name, sizeof name, 1);
    cr_expect_str_eq(name, "Simulated GPU 0");
}

Test(simcuda, has_no_device_when_none_is_visible)
{
    open_with(LIST("CUDA_VISIBLE_DEVICES="));
    cr_expect_eq(CALL(cuInit, 0), 100);
}

Test(simcuda, memory_is_real_and_has_bounds)
{
    open_with(NULL);
    char in[100], out[100] = "";
    size_t unused, before, total;
    CUdeviceptr memory, copy;
    void *pinned;
    context_make(0);
    memset(in, 7, sizeof in);
    cr_expect_eq(CALL(cuMemGetInfo_v2, &before, &total), 0);
    cr_expect_eq(CALL(cuMemAlloc_v2, &memory, sizeof in), 0);
    cr_expect_eq(CALL(cuMemAlloc_v2, &copy, (size_t)1 << 50), 2);
    CALL(cuMemGetInfo_v2, &unused, &total);
    cr_expect_eq(unused, before - sizeof in);
    cr_expect_eq(CALL(cuMemcpyHtoD_v2, memory, in, sizeof in), 0);
    cr_expect_eq(CALL(cuMemcpyDtoH_v2, out, memory, sizeof out), 0);
    cr_expect_arr_eq(out, in, sizeof in);
    cr_expect_eq(CALL(cuMemcpyHtoD_v2, memory + 1, in, sizeof in), 1, "past the end");
    cr_expect_eq(CALL(cuMemsetD8Async, memory, 9, sizeof in, NULL), 0);
    CALL(cuMemcpyDtoHAsync_v2, out, memory, sizeof out, NULL);
    cr_expect_eq(out[99], 9);
    cr_expect_eq(CALL(cuMemFree_v2, memory + 1), 1);
    cr_expect_eq(CALL(cuMemFree_v2, memory), 0);
    cr_expect_eq(CALL(cuMemFree_v2, memory), 1, "twice");
    cr_expect_eq(CALL(cuMemcpyDtoH_v2, out, memory, sizeof out), 1, "after it was freed");
    cr_expect_eq(CALL(cuMemHostAlloc, &pinned, 4096, 0), 0);
    cr_expect_eq(CALL(cuMemFreeHost, pinned), 0);
}

static void *current_of_thread(void *unused)
{
    static CUcontext current;
    (void)unused;
    CALL(cuCtxGetCurrent, &current);
    return current;
}

Test(simcuda, context_stacks_are_per_thread)
{
    open_with(LIST("SIMCUDA_DEVICES=2"));
    CUcontext first = context_make(0), second = context_make(1), current;
    pthread_t thread;
    void *seen = first;
    cr_expect_neq(first, second);
    CALL(cuCtxGetCurrent, &current);
    cr_expect_eq(current, second);
    pthread_create(&thread, NULL, current_of_thread, NULL);
    pthread_join(thread, &seen);
    cr_expect_null(seen);
    CALL(cuCtxPopCurrent_v2, &current);
    cr_expect_eq(current, second);
    CALL(cuCtxGetCurrent, &current);
    cr_expect_eq(current, first);
}

Test(simcuda, primary_contexts_are_counted_and_keep_flags)
{
    open_with(NULL);
    CUcontext context, again;
    unsigned flags = 0;
    int active = 1;
    cr_assert_eq(CALL(cuInit, 0), 0);
    CALL(cuDevicePrimaryCtxSetFlags_v2, 0, 4);
    CALL(cuDevicePrimaryCtxGetState, 0, &flags, &active);
    cr_expect_eq(flags, 4);
    cr_expect_eq(active, 0);
    CALL(cuDevicePrimaryCtxRetain, &context, 0);
    CALL(cuDevicePrimaryCtxRetain, &again, 0);
    cr_expect_eq(context, again);
    cr_expect_eq(CALL(cuDevicePrimaryCtxSetFlags_v2, 0, 1), 0, "also an active one's");
    CALL(cuDevicePrimaryCtxRelease_v2, 0);
    CALL(cuDevicePrimaryCtxGetState, 0, &flags, &active);
    cr_expect_eq(active, 1);
    CALL(cuDevicePrimaryCtxRelease_v2, 0);
    CALL(cuDevicePrimaryCtxGetState, 0, &flags, &active);
    cr_expect_eq(active, 0);
    cr_expect_eq(CALL(cuDevicePrimaryCtxRelease_v2, 0), 201);
}

Test(simcuda, primary_contexts_answer_to_their_older_names_too)
{
    open_with(NULL);
    CUcontext context;
    unsigned flags = 0;
    int active = 0;
    cr_assert_eq(CALL(cuInit, 0), 0);
    cr_expect_eq(CALL(cuDevicePrimaryCtxSetFlags, 0, 2), 0);
    CALL(cuDevicePrimaryCtxRetain, &context, 0);
    CALL(cuDevicePrimaryCtxRetain, &context, 0);
    cr_expect_eq(CALL(cuDevicePrimaryCtxSetFlags, 0, 4), 708, "it is active");
    cr_expect_eq(CALL(cuDevicePrimaryCtxRelease, 0), 0);
    CALL(cuDevicePrimaryCtxGetState, 0, &flags, &active);
    cr_expect(flags == 2 && active == 1);
    cr_expect_eq(CALL(cuDevicePrimaryCtxReset, 0), 0);
    CALL(cuDevicePrimaryCtxGetState, 0, &flags, &active);
    cr_expect_eq(active, 0);
}

Test(simcuda, modules_know_their_entries_and_leave_a_jit_cache)
{
    open_with(NULL);
    CUmodule module;
    CUfunction kernel;
    struct stat status;
    context_make(0);
    cr_expect_eq(CALL(cuModuleLoadData, &module, "no image"), 200);
    cr_expect_eq(CALL(cuModuleLoadData, &module, sample_ptx), 0);
    cr_expect_eq(stat(run_scratch("home/.nv/ComputeCache"), &status), 0);
    cr_expect_eq(CALL(cuModuleGetFunction, &kernel, module, "second"), 0);
    cr_expect_eq(CALL(cuModuleGetFunction, &kernel, module, "sec"), 500);
    cr_expect_eq(CALL(cuModuleGetFunction, &kernel, module, "first"), 0);
    cr_expect_eq(CALL(cuLaunchKernel, kernel, 1, 1, 1, 1, 1, 1, 0, NULL, NULL, NULL), 0);
    cr_expect_eq(CALL(cuLaunchKernel, kernel, 0, 1, 1, 1, 1, 1, 0, NULL, NULL, NULL), 1);
    cr_expect_eq(CALL(cuModuleUnload, module), 0);
}

/* What a program gets that hands its kernels to the driver as several texts (libgomp does). */
Test(simcuda, links_ptx_into_an_image_for_a_module)
{
    open_with(NULL);
    static const char other_ptx[] = ".version 4.0\n.target sm_50\n.visible .entry third() { ret; }\n";
    char log[16] = "old", *text = log;
    CUjit_option options[] = {5, 6}; /* ERROR_LOG_BUFFER and its size */
    void *values[] = {text, (void *)sizeof log}, *link = NULL, *image = NULL;
    size_t bytes = 0;
    CUmodule module;
    CUfunction kernel;
    context_make(0);
    cr_assert_eq(CALL(cuLinkCreate_v2, 2, options, values, &link), 0);
    cr_expect_str_eq(log, "");
    cr_expect_eq(CALL(cuLinkAddData_v2, link, 1, sample_ptx, sizeof sample_ptx, "a", 0, NULL, NULL), 0);
    cr_expect_eq(CALL(cuLinkAddData_v2, link, 1, other_ptx, sizeof other_ptx - 1, "b", 0, NULL, NULL), 0);
    cr_expect_eq(CALL(cuLinkAddData_v2, link, 1, "no code", 8, "c", 0, NULL, NULL), 218);
    cr_expect_eq(CALL(cuLinkAddData_v2, link, 0, sample_ptx, sizeof sample_ptx, "d", 0, NULL, NULL), 801);
    cr_assert_eq(CALL(cuLinkComplete, link, &image, &bytes), 0);
    cr_expect_gt(bytes, sizeof sample_ptx + sizeof other_ptx - 2);
    cr_assert_eq(CALL(cuModuleLoadData, &module, image), 0);
    cr_expect_eq(CALL(cuLinkDestroy, link), 0);
    cr_expect_eq(CALL(cuModuleGetFunction, &kernel, module, "second"), 0);
    cr_expect_eq(CALL(cuModuleGetFunction, &kernel, module, "third"), 0);
    cr_expect_eq(CALL(cuModuleGetFunction, &kernel, module, "fourth"), 500);
    cr_expect_eq(CALL(cuModuleUnload, module), 0);
}

Test(simcuda, modules_have_the_variables_that_their_ptx_defines)
{
    open_with(NULL);
    static const char ptx[] = ".version 4.0\n.target sm_50\n.extern .global .align 4 .u32 elsewhere;\n"
                              ".visible .global .align 4 .u32 one;\n.const .align 8 .b8 many[3][5] = {1, 2};\n"
                              ".visible .global .v2 .f64 pairs[2];\n"
                              ".visible .entry kernel() { ld.global.u32 %r1, [one]; ret; }\n";
    const struct {
        const char *name;
        size_t bytes;
    } variables[] = {{"one", 4}, {"many", 15}, {"pairs", 32}};
    CUmodule module;
    CUdeviceptr pointer = 0, again = 0;
    size_t bytes;
    context_make(0);
    cr_assert_eq(CALL(cuModuleLoadData, &module, ptx), 0);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        cr_expect_eq(CALL(cuModuleGetGlobal_v2, &pointer, &bytes, module, variables[i].name), 0);
        cr_expect_eq(bytes, variables[i].bytes, "%s has %zu bytes", variables[i].name, bytes);
    }
    cr_expect_eq(CALL(cuModuleGetGlobal_v2, &again, NULL, module, "pairs"), 0);
    cr_expect_eq(again, pointer, "the same one");
    cr_expect_eq(CALL(cuModuleGetGlobal_v2, &again, NULL, module, "elsewhere"), 500);
    cr_expect_eq(CALL(cuModuleGetGlobal_v2, &again, NULL, module, "kernel"), 500);
    cr_expect_eq(CALL(cuMemcpyHtoD_v2, pointer, ptx, 32), 0, "it is device memory");
    cr_expect_eq(CALL(cuMemcpyHtoD_v2, pointer, ptx, 33), 1);
    cr_expect_eq(CALL(cuModuleUnload, module), 0);
    cr_expect_eq(CALL(cuMemcpyHtoD_v2, pointer, ptx, 32), 1, "gone with its module");
}

Test(simcuda, rows_are_copied_between_pitches)
{
    open_with(NULL);
    enum { HOST = 1, DEVICE = 2, ARRAY = 3 };
    struct {
        struct {
            size_t x_bytes, y;
            int type;
            const void *host;
            CUdeviceptr device;
            void *array;
            size_t pitch_bytes;
        } from, to;
        size_t width_bytes, height;
    } up = {.from = {.type = HOST, .pitch_bytes = 3}, .to = {.type = DEVICE, .pitch_bytes = 8}, 3, 2}, down;
    char out[] = "......";
    CUdeviceptr memory;
    context_make(0);
    cr_assert_eq(CALL(cuMemAlloc_v2, &memory, 12), 0);
    cr_assert_eq(CALL(cuMemsetD8Async, memory, '-', 12, NULL), 0);
    up.from.host = "abcdef";
    up.to.device = memory;
    up.to.x_bytes = 1;
    cr_expect_eq(CALL(cuMemcpy2D_v2, &up), 0);
    up.to.x_bytes = 2;
    cr_expect_eq(CALL(cuMemcpy2D_v2, &up), 1, "past the end");
    up.to.type = ARRAY;
    cr_expect_eq(CALL(cuMemcpy2D_v2, &up), 801);
    down = up;
    down.from = up.to;
    down.from.type = DEVICE;
    down.from.x_bytes = 1;
    down.to = up.from;
    down.to.host = out;
    cr_expect_eq(CALL(cuMemcpy2DAsync_v2, &down, NULL), 0);
    cr_expect_str_eq(out, "abcdef");
    CALL(cuMemcpyDtoH_v2, out, memory + 3, 6);
    cr_expect_str_eq(out, "c-----", "and nothing between the rows");
}

Test(simcuda, allocations_and_kernels_can_be_asked_about)
{
    open_with(NULL);
    CUdeviceptr memory, base = 0;
    CUmodule module;
    CUfunction kernel;
    size_t bytes = 0;
    int value = 0;
    context_make(0);
    cr_assert_eq(CALL(cuMemAlloc_v2, &memory, 100), 0);
    cr_expect_eq(CALL(cuMemGetAddressRange_v2, &base, &bytes, memory + 99), 0);
    cr_expect(base == memory && bytes == 100);
    cr_expect_eq(CALL(cuMemGetAddressRange_v2, &base, NULL, memory + 100), 500);
    cr_assert_eq(CALL(cuModuleLoadData, &module, sample_ptx), 0);
    cr_assert_eq(CALL(cuModuleGetFunction, &kernel, module, "first"), 0);
    cr_expect_eq(CALL(cuFuncGetAttribute, &value, 0, kernel), 0);
    cr_expect_eq(value, 1024);
    cr_expect_eq(CALL(cuFuncGetAttribute, &value, 0, NULL), 400);
}

/* Also a driver of Debian 12's age is built: programs of that age pick the newest variant of a name that is there. */
Test(simcuda, an_older_driver_lacks_what_came_later)
{
    open_file_with("simcuda/12.2/libcuda.so.1", NULL);
    int version = 0, status = -1;
    void *address = NULL;
    cr_expect_eq(CALL(cuDriverGetVersion, &version), 0);
    cr_expect_eq(version, 12020);
    cr_expect_not_null(dlsym(library, "cuGraphAddNode"), "of 12.2");
    cr_expect_null(dlsym(library, "cuCtxGetDevice_v2"), "of 13.0");
    cr_expect_eq(CALL(cuGetProcAddress_v2, "cuCtxGetDevice", &address, 13000, 0, &status), 0);
    cr_expect_eq(address, function("cuCtxGetDevice"));
    cr_expect_eq(CALL(cuGetProcAddress_v2, "cuMemcpyBatchAsync", &address, 13000, 0, &status), 500);
    cr_expect_eq(status, 1, "not known to it");
}

Test(simcuda, every_name_is_exported_and_answered)
{
    open_with(NULL);
    static const struct {
        const char *exported, *asked;
        int version, per_thread;
    } names[] = {
#define CUDA_NAME(exported, asked, version, per_thread) {#exported, asked, version, per_thread},
#include "cuda_names.def"
#undef CUDA_NAME
    };
    size_t count = sizeof names / sizeof *names;
    cr_assert_gt(count, 600);
    for (size_t i = 0; i < count; i++) {
        void *address = NULL;
        CUdriverProcAddressQueryResult status = 77;
        CUresult result =
            CALL(cuGetProcAddress_v2, names[i].asked, &address, names[i].version, names[i].per_thread ? 2 : 0, &status);
        cr_expect_eq(result, 0, "%s", names[i].asked);
        cr_expect_eq(status, 0);
        cr_expect_eq(address, function(names[i].exported), "%s", names[i].exported);
    }
}

Test(simcuda, names_are_answered_as_old_as_asked_for)
{
    open_with(NULL);
    void *address;
    CUdriverProcAddressQueryResult status;
    CALL(cuGetProcAddress_v2, "cuCtxCreate", &address, 3020, 0, &status);
    cr_expect_eq(address, function("cuCtxCreate_v2"));
    CALL(cuGetProcAddress_v2, "cuCtxCreate", &address, 13000, 0, &status);
    cr_expect_eq(address, function("cuCtxCreate_v4"));
    cr_expect_eq(CALL(cuGetProcAddress_v2, "cuDeviceGetUuid", &address, 5000, 0, &status), 500);
    cr_expect_eq(status, 2, "known, but not to that version");
    cr_expect_eq(CALL(cuGetProcAddress_v2, "cuMakeCoffee", &address, 13000, 0, &status), 500);
    cr_expect_eq(status, 1);
}

Test(simcuda, what_is_not_simulated_says_so_and_is_journalled)
{
    open_with(NULL);
    CUresult (*unsupported)(void) = (CUresult(*)(void))function("cuGraphCreate");
    const void *table = &table;
    CUuuid id = {{0}};
    cr_expect_eq(unsupported(), 801);
    cr_expect_eq(CALL(cuGetExportTable, &table, &id), 500);
    cr_expect_null(table);
    struct journal *journal = journal_read();
    cr_assert_not_null(journal);
    cr_expect_str_eq(journal->lines[0].function, "cuGraphCreate");
    cr_expect_eq(journal->lines[0].result, 801);
    cr_expect_eq(journal->lines[0].pid, getpid());
}

Test(simcuda, a_journal_line_has_seven_fields)
{
    open_with(LIST("SIMCUDA_FAULT=cuInit=2"));
    char line[512] = "";
    CALL(cuInit, 0);
    FILE *journal = fopen(run_scratch("journal"), "r");
    cr_assert_not_null(journal);
    cr_assert_not_null(fgets(line, sizeof line, journal));
    char *fields[8] = {0}, *rest = line;
    for (int i = 0; i < 8; i++)
        fields[i] = strsep(&rest, "\t");
    cr_assert(fields[6] && !fields[7]);
    cr_expect_gt(atoll(fields[0]), 0);
    cr_expect_eq(atoi(fields[1]), getpid());
    cr_expect_str_eq(fields[3], "cuInit");
    cr_expect_str_eq(fields[4], "2");
    cr_expect_geq(atoll(fields[5]), 0);
}

Test(simcuda, mig_instances_have_uuids_of_their_own)
{
    open_with(LIST("SIMCUDA_MIG=1"));
    CUuuid gpu, instance;
    cr_assert_eq(CALL(cuInit, 0), 0);
    cr_expect_eq(CALL(cuDeviceGetUuid, &gpu, 0), 0);
    cr_expect_eq(CALL(cuDeviceGetUuid_v2, &instance, 0), 0);
    cr_expect_neq(memcmp(&gpu, &instance, sizeof gpu), 0);
}

Test(simcuda, the_jit_cache_can_be_disabled_and_moved)
{
    open_with(LIST("CUDA_CACHE_DISABLE=1", run_env("CUDA_CACHE_PATH=%s", "/nonexistent")));
    CUmodule module;
    struct stat status;
    context_make(0);
    cr_expect_eq(CALL(cuModuleLoadData, &module, sample_ptx), 0);
    cr_expect_neq(stat(run_scratch("home/.nv"), &status), 0);
    setenv("CUDA_CACHE_DISABLE", "0", 1);
    setenv("CUDA_CACHE_PATH", run_scratch("cache"), 1);
    cr_expect_eq(CALL(cuModuleLoadData, &module, sample_ptx), 0);
    cr_expect_eq(stat(run_scratch("cache"), &status), 0);
}

static int retain_elsewhere(void)
{
    CUcontext context;
    CALL(cuInit, 0);
    return CALL(cuDevicePrimaryCtxRetain, &context, 0);
}

Test(simcuda, exclusive_mode_gives_a_device_to_one_process)
{
    open_with(LIST("SIMCUDA_COMPUTE_MODE=exclusive"));
    int mode, ends[2], status;
    char byte;
    cr_assert_eq(pipe(ends), 0);
    pid_t holder = fork();
    if (holder == 0) {
        byte = (char)retain_elsewhere();
        status = (int)write(ends[1], &byte, 1);
        pause();
        _exit(status);
    }
    cr_assert_eq(read(ends[0], &byte, 1), 1);
    cr_expect_eq(byte, 0);
    cr_expect_eq(retain_elsewhere(), 46);
    kill(holder, SIGTERM);
    waitpid(holder, NULL, 0);
    cr_expect_eq(retain_elsewhere(), 0, "the holder is gone");
    CALL(cuDeviceGetAttribute, &mode, CU_DEVICE_ATTRIBUTE_COMPUTE_MODE, 0);
    cr_expect_eq(mode, CU_COMPUTEMODE_EXCLUSIVE_PROCESS);
}
