/* SPDX-License-Identifier: MIT */
/* The main job: who is warmed before main, that the program's first use is then fast, and what the kill switches do. */
#include "run.h"
#include <criterion/criterion.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

TestSuite(load, .init = run_setup, .fini = run_teardown);

#define COSTS                                                                                                          \
    "SIMCUDA_LATENCY_MS=cuInit=180,cuDevicePrimaryCtxRetain=250,cuModuleLoadDataEx=30,cuMemAlloc_v2=8,"                \
    "cuMemcpyHtoD_v2=6,cuMemcpyDtoH_v2=4"

/* The nanoseconds of the last nine driver calls: those of tests/hosts/first_call.c. */
static long long program_ns(const struct journal *journal)
{
    long long sum = 0;
    cr_assert_geq(journal->count, 9);
    cr_assert_str_eq(journal->lines[journal->count - 9].function, "cuInit");
    for (size_t i = journal->count - 9; i < journal->count; i++)
        sum += journal->lines[i].duration_ns;
    return sum;
}

static bool is_warmed(const struct journal *journal)
{
    return journal_calls(journal, "cuLaunchKernel", "name=gpuwarm_kernel") > 0;
}

/* Runs a host preloaded and says whether it was warmed; it must do what it does without the library. */
static bool host_warmed(const char *const *argv, const char *const *environment)
{
    struct run without = run_program(PLAIN, argv, environment);
    journal_clear();
    struct run with = run_program(PRELOADED, argv, environment);
    cr_expect_eq(with.status, without.status);
    cr_expect_str_eq(with.out, without.out);
    struct journal *journal = journal_read();
    return is_warmed(journal);
}

/* A busy machine may take the processor from the program for longer than that: one of so many runs is enough. */
enum { RUNS = 5 };

Test(load, first_use_takes_under_two_percent)
{
    const char *const *argv = LIST(run_host("first_call"));
    struct run cold = run_program(PLAIN, argv, LIST(COSTS));
    long long cold_ns = program_ns(journal_read()), warm_ns = cold_ns;
    cr_assert_eq(cold.status, 0, "%s", cold.out);
    cr_assert_geq(cold_ns, 448000000, "cold pays every cost that is set");
    for (int i = 0; i < RUNS && warm_ns * 50 >= cold_ns; i++) {
        journal_clear();
        struct run warm = run_program(PRELOADED, argv, LIST(COSTS));
        warm_ns = program_ns(journal_read());
        cr_assert_eq(warm.status, 0, "%s", warm.out);
        cr_assert_str_eq(warm.out, cold.out);
        cr_assert_str_empty(warm.err);
    }
    cr_assert_lt(warm_ns * 50, cold_ns, "%lld of %lld ns", warm_ns, cold_ns);
}

Test(load, warm_up_ends_before_the_program_begins)
{
    run_program(PRELOADED, LIST(run_host("first_call")), NULL);
    struct journal *journal = journal_read();
    size_t own = journal->count - 9;
    cr_assert(is_warmed(journal));
    cr_assert_str_eq(journal->lines[0].function, "cuInit");
    cr_assert_str_eq(journal->lines[own - 1].function, "cuCtxPopCurrent_v2");
    for (size_t i = 1; i < journal->count; i++) {
        cr_assert_eq(journal->lines[i].tid, journal->lines[0].tid, "all on one thread");
        cr_assert_geq(journal->lines[i].start_ns, journal->lines[i - 1].start_ns + journal->lines[i - 1].duration_ns);
    }
}

Test(load, linked_library_is_recognised)
{
    cr_assert(host_warmed(LIST(run_host("first_call")), LIST(run_env("GPUWARM_REPORT=%s", run_scratch("report")))));
    cJSON *report = report_read(run_scratch("report"));
    cr_assert_str_eq(report_text(report, "reason"), "CUDA executable: links libcuda.so.1");
    cr_assert_str_eq(report_text(report, "result"), "warm");
}

Test(load, fat_binary_is_recognised)
{
    cr_assert(host_warmed(LIST(run_host("fat_binary")), LIST(run_env("GPUWARM_REPORT=%s", run_scratch("report")))));
    cr_assert_str_eq(report_text(report_read(run_scratch("report")), "reason"),
                     "CUDA executable: carries a fat binary");
}

Test(load, fat_binary_is_recognised_in_a_stripped_file)
{
    struct run strip =
        run_program(PLAIN, LIST("/usr/bin/strip", "-o", run_scratch("stripped"), run_host("fat_binary")), NULL);
    cr_assert_eq(strip.status, 0, "%s", strip.err);
    cr_assert(host_warmed(LIST(run_scratch("stripped")), NULL));
}

/* The real thing, where nvcc is installed; it cannot run on the simulated driver, and does not call it. */
/* nvcc's default and CMake's: a library with the runtime in it, and a main that links nothing of CUDA. */
Test(load, fat_binary_is_recognised_in_a_library)
{
    cr_assert(host_warmed(LIST(run_host("thin_kernels")), LIST(run_env("GPUWARM_REPORT=%s", run_scratch("report")))));
    cr_assert_not_null(strstr(report_text(report_read(run_scratch("report")), "reason"), "links libkernels.so"));
    /* Nobody links it: it is no reason before main. */
    journal_clear();
    const char *preload = run_env("LD_PRELOAD=%s:%s", run_build("libgpuwarm.so"), run_host("libkernels.so"));
    struct run run = run_program(PLAIN, LIST(run_host("plain")), LIST(preload));
    cr_expect_eq(run.status, 7);
    cr_expect_eq(journal_calls(journal_read(), "cuInit", NULL), 0);
}

Test(load, what_nvcc_builds_is_recognised)
{
    const char *source = run_scratch("nothing.cu"), *program = run_scratch("nothing");
    run_write(source,
              "__global__ void kernel() {}\nint main(int c, char **) { if (c > 1) kernel<<<1, 1>>>(); return 6; }\n");
    const char *build = "PATH=$PATH:/usr/local/cuda/bin; command -v nvcc >/dev/null || exit 77; nvcc -o \"$2\" \"$1\"";
    struct run nvcc = run_program(PLAIN, LIST("/bin/sh", "-c", build, "sh", source, program), NULL);
    if (nvcc.status == 77)
        cr_skip_test("nvcc is not installed");
    cr_assert_eq(nvcc.status, 0, "%s", nvcc.err);
    cr_assert(host_warmed(LIST(program), LIST(run_env("GPUWARM_REPORT=%s", run_scratch("report")))));
    cr_assert_str_eq(report_text(report_read(run_scratch("report")), "reason"),
                     "CUDA executable: carries a fat binary");
    cr_assert_eq(run_program(PLAIN, LIST("/usr/bin/strip", program), NULL).status, 0);
    cr_assert(host_warmed(LIST(program), NULL), "stripped too");
}

Test(load, through_the_dynamic_loader_as_a_command)
{
    cr_assert(host_warmed(LIST(run_loader(), run_host("first_call")), NULL));
}

Test(load, other_programs_are_left_alone)
{
    cr_assert_not(host_warmed(LIST(run_host("plain")), NULL));
    cr_assert_eq(journal_read()->count, 0);
}

Test(load, trigger_load_warms_any_program)
{
    cr_assert(host_warmed(LIST(run_host("plain")), LIST("GPUWARM_TRIGGER=load")));
}

Test(load, trigger_off_wins)
{
    cr_assert_not(host_warmed(LIST(run_host("first_call")), LIST("GPUWARM_TRIGGER=off")));
    cr_assert_not(host_warmed(LIST(run_host("first_call")), LIST("GPUWARM_TRIGGER=off", "GPUWARM_DEVICE=0")));
}

Test(load, device_none_wins)
{
    cr_assert_not(host_warmed(LIST(run_host("first_call")), LIST("GPUWARM_DEVICE=none")));
    cr_assert_not(host_warmed(LIST(run_host("first_call")), LIST("GPUWARM_DEVICE=none", "GPUWARM_TRIGGER=load")));
}

Test(load, skip_list_goes_by_name)
{
    const char *const *bash = LIST(run_host("uses_exec_name"), "bash", run_host("first_call"));
    cr_assert_not(host_warmed(bash, NULL));
    cr_assert_not(host_warmed(bash, LIST("GPUWARM_TRIGGER=load", "GPUWARM_SKIP=uses_exec_name")));
    cr_assert(host_warmed(bash, LIST("GPUWARM_SKIP=none")));
    cr_assert_not(host_warmed(LIST(run_host("first_call")), LIST("GPUWARM_SKIP=other,first_*")));
    cr_assert(host_warmed(LIST(run_host("first_call")), LIST("GPUWARM_SKIP=other,second_*")));
}

Test(load, skipped_programs_leave_no_report)
{
    run_program(PRELOADED, LIST(run_host("uses_exec_name"), "bash", run_host("first_call")),
                LIST(run_env("GPUWARM_REPORT=%s.%%p", run_scratch("report")), "GPUWARM_SKIP=uses_*"));
    struct run list = run_program(PLAIN, LIST("/bin/ls", run_scratch("")), NULL);
    cr_assert_null(strstr(list.out, "report"), "%s", list.out);
}

Test(load, wrappers_are_not_warmed_and_what_they_start_is)
{
    cr_assert(
        host_warmed(LIST("/usr/bin/env", "/usr/bin/nice", "-n", "1", "/usr/bin/timeout", "20", run_host("first_call")),
                    LIST("GPUWARM_TRIGGER=load")));
    cr_assert_eq(journal_calls(journal_read(), "cuLaunchKernel", NULL), 1);
}

Test(load, a_program_that_forks_first_is_left_alone)
{
    const char *const *settings = LIST(run_env("GPUWARM_REPORT=%s", run_scratch("report")));
    cr_assert_not(host_warmed(LIST(run_host("forks_first")), settings));
    cr_assert_str_eq(report_text(report_read(run_scratch("report")), "reason"),
                     "CUDA executable, but it imports fork: CUDA would not work in its children");
    cr_assert_not(host_warmed(LIST(run_host("daemonises")), NULL));
}

Test(load, so_is_one_at_a_fixed_address)
{
    cr_assert_not(host_warmed(LIST(run_host("forks_first_no_pie")), NULL));
    struct run wrong = run_program(PRELOADED, LIST(run_host("forks_first_no_pie")), LIST("GPUWARM_TRIGGER=load"));
    cr_assert_str_eq(wrong.out, "worker: cuInit 3\n", "the hazard is real");
}

Test(load, so_is_one_whose_library_does_it)
{
    cr_assert_not(host_warmed(LIST(run_host("thin_main")), LIST("SIMCUDA_DEVICES=2")));
    struct run run = run_program(PRELOADED, LIST(run_host("thin_main")), LIST("SIMCUDA_DEVICES=2"));
    cr_assert_str_eq(run.out, "worker: cuInit 0, device 0 is Simulated GPU 1\n");
    run = run_program(PRELOADED, LIST(run_host("thin_main")), LIST("SIMCUDA_DEVICES=2", "GPUWARM_TRIGGER=load"));
    cr_assert_str_eq(run.out, "worker: cuInit 3, device 0 is Simulated GPU 0\n", "the hazard is real");
}

Test(load, what_a_program_imports_speaks_against_it)
{
    static const char *const names[] = {"__fork", "__clone", "setuid", "setresuid", "setrlimit", "prlimit", "mlockall"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *const *argv = LIST(run_host(run_env("imports_%s", names[i])));
        cr_expect_not(host_warmed(argv, LIST(run_env("GPUWARM_REPORT=%s", run_scratch("report")))), "%s", names[i]);
        cr_expect_not_null(
            strstr(report_text(report_read(run_scratch("report")), "reason"), run_env("it imports %s:", names[i])));
        cr_expect(host_warmed(argv, LIST("GPUWARM_TRIGGER=load")), "%s: asked for", names[i]);
    }
    cr_expect(host_warmed(LIST(run_host("imports")), NULL), "another import");
}

Test(load, a_library_that_forks_only_to_start_programs_does_not)
{
    cr_expect(host_warmed(LIST(run_host("starts_by_glib")), NULL));
}

Test(load, a_program_that_is_asked_for_its_version_is_left_alone)
{
    const char *host = run_host("first_call");
    for (const char *const *question = LIST("--version", "--help", "-h", "-V"); *question; question++) {
        cr_expect_not(host_warmed(LIST(host, *question), NULL), "%s", *question);
        cr_expect(host_warmed(LIST(host, *question, "more"), NULL), "%s more", *question);
    }
    cr_expect(host_warmed(LIST(host, "--versions"), NULL));
    cr_expect(host_warmed(LIST(host, "--version"), LIST("GPUWARM_TRIGGER=load")), "asked for");
}

Test(load, a_program_that_closes_all_descriptors_is_left_alone)
{
#if !__GLIBC_PREREQ(2, 34)
    cr_skip_test("glibc before 2.34 has no closefrom");
#endif
    cr_assert_not(host_warmed(LIST(run_host("closes_all")), NULL));
    struct run wrong = run_program(PRELOADED, LIST(run_host("closes_all")), LIST("GPUWARM_TRIGGER=load"));
    cr_assert_str_neq(wrong.out, "cuInit 0, retain 0\n", "the hazard is real");
}

/* A copy of an executable whose constants reach beyond the end of the file, where nothing ever touches them. */
static const char *made_longer(const char *from)
{
    static char bytes[1 << 20];
    const char *path = run_scratch("longer");
    FILE *file = fopen(from, "re");
    cr_assert_not_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    cr_assert_lt(size, sizeof bytes);
    const ElfW(Ehdr) *header = (const void *)bytes;
    ElfW(Phdr) *segments = (void *)(bytes + header->e_phoff), *constants = NULL;
    for (int i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == PT_LOAD && segments[i].p_flags == PF_R)
            constants = &segments[i];
    cr_assert_not_null(constants);
    constants->p_filesz = constants->p_memsz = 1 << 20;
    file = fopen(path, "we");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
    cr_assert_eq(chmod(path, 0755), 0);
    return path;
}

/* Before Linux 5.14 (MADV_POPULATE_READ) nobody can ask whether it is. */
Test(load, an_executable_that_is_not_all_in_its_file_is_not_searched)
{
    enum { POPULATE_READ = 22 };
    void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (run_emulated() || madvise(page, 4096, POPULATE_READ) != 0)
        cr_skip_test("there is no MADV_POPULATE_READ here");
    const char *const *argv = LIST(made_longer(run_host("first_call"))), *const *latency = LIST("SIMCUDA_LATENCY_MS=");
    struct run without = run_program(PLAIN, argv, latency), with = run_program(PRELOADED, argv, latency);
    cr_expect_eq(without.status, 0, "%d", without.status);
    cr_expect_eq(with.status, 0, "%d", with.status);
    cr_expect_str_eq(with.out, without.out);
}

/* The wrong library for these two: warm them all the same, and see that the tests above would notice. */
Test(load, the_hazards_of_forking_are_real)
{
    struct run worker = run_program(PRELOADED, LIST(run_host("forks_first")), LIST("GPUWARM_TRIGGER=load"));
    cr_assert_str_eq(worker.out, "worker: cuInit 3\n");
    struct run daemonised = run_program(PRELOADED, LIST(run_host("daemonises")), LIST("GPUWARM_TRIGGER=load"));
    cr_assert_str_eq(daemonised.out, "daemon: cuInit 3\n");
}

Test(load, a_program_that_chooses_its_device_is_left_alone)
{
    struct run run = run_program(PRELOADED, LIST(run_host("chooses_device")), LIST("SIMCUDA_DEVICES=2"));
    cr_assert_str_eq(run.out, "device 0 is Simulated GPU 1\n");
    struct run wrong =
        run_program(PRELOADED, LIST(run_host("chooses_device")), LIST("SIMCUDA_DEVICES=2", "GPUWARM_TRIGGER=load"));
    cr_assert_str_eq(wrong.out, "device 0 is Simulated GPU 0\n", "the hazard is real");
}

/* Whether the program would be given another driver needs a second one where the loader looks; the reason shows it. */
Test(load, a_program_with_a_driver_of_its_own_is_left_alone)
{
    const char *program = run_scratch("own_driver"), *own = run_scratch("own"), *report = run_scratch("report");
    const char *const *settings = LIST("LD_LIBRARY_PATH=/nonexistent", run_env("GPUWARM_REPORT=%s", report));
    cr_assert_eq(mkdir(own, 0700), 0);
    cr_assert_eq(run_program(PLAIN, LIST("/bin/cp", run_host("own_driver"), program), NULL).status, 0);
    cr_assert_eq(run_program(PLAIN, LIST("/bin/cp", run_build("simcuda/libcuda.so.1"), own), NULL).status, 0);
    cr_assert_not(host_warmed(LIST(program), settings));
    cr_assert_not_null(
        strstr(report_text(report_read(report), "reason"), "it may open another driver than the loader would give us"));
    struct run asked =
        run_program(PRELOADED, LIST(program), LIST("LD_LIBRARY_PATH=/nonexistent", "GPUWARM_TRIGGER=load"));
    cr_expect_eq(line_count(asked.err), 1, "asked for by name, and not given: %s", asked.err);
    cr_assert_not(host_warmed(LIST(run_loader(), program), settings));
    cr_assert_not_null(
        strstr(report_text(report_read(report), "reason"), "it may open another driver than the loader would give us"));
}

/* The RPATH of a library comes before LD_LIBRARY_PATH, where we would find ours. */
Test(load, a_library_with_a_driver_of_its_own_is_left_alone)
{
    const char *program = run_scratch("opens_driver"), *own = run_scratch("own");
    cr_assert_eq(mkdir(own, 0700), 0);
    const char *const *copy = LIST("/bin/cp", run_host("opens_driver"), run_host("libopens.so"), run_scratch(""));
    cr_assert_eq(run_program(PLAIN, copy, NULL).status, 0);
    struct run without = run_program(PRELOADED, LIST(program), LIST("GPUWARM_TRIGGER=load"));
    cr_expect_str_eq(without.out, "another driver\n", "there is only one: %s", without.out);
    cr_expect_gt(journal_calls(journal_read(), "cuInit", NULL), 0, "warmed");
    cr_assert_eq(run_program(PLAIN, LIST("/bin/cp", run_build("simcuda/libcuda.so.1"), own), NULL).status, 0);
    for (const char *const *trigger = LIST("GPUWARM_TRIGGER=auto", "GPUWARM_TRIGGER=load"); *trigger; trigger++) {
        struct run run = run_program(PRELOADED, LIST(program), LIST(*trigger));
        cr_expect_str_eq(run.out, "its own driver\n", "%s: %s", *trigger, run.out);
    }
}

Test(load, an_injected_profiler_is_not_preceded)
{
    cr_assert_not(host_warmed(LIST(run_host("first_call")), LIST("CUDA_INJECTION64_PATH=/nonexistent/libtool.so")));
    cr_assert_not(host_warmed(LIST(run_host("first_call")), LIST("NVTX_INJECTION64_PATH=/nonexistent/libtool.so")));
}

Test(load, a_profiler_that_is_preloaded_too_is_not_preceded)
{
    const char *preload = run_env("LD_PRELOAD=%s:%s", run_build("libgpuwarm.so"), run_host("libinjects.so"));
    struct run run = run_program(PLAIN, LIST(run_host("first_call")), LIST(preload));
    cr_assert_eq(run.status, 0);
    cr_assert_eq(journal_calls(journal_read(), "cuLaunchKernel", NULL), 0);
}

Test(load, a_process_that_calls_exec_is_warmed_again)
{
    if (run_emulated())
        cr_skip_test("under the emulator a process has another start time after exec");
    run_program(PRELOADED, LIST(run_host("runs"), "exec", run_host("first_call")), NULL);
    struct journal *journal = journal_read();
    cr_assert_eq(journal_calls(journal, "cuLaunchKernel", NULL), 2);
    cr_assert_eq(journal->lines[0].pid, journal->lines[journal->count - 1].pid);
}

Test(load, descendants_of_a_warmed_process_are_not_warmed)
{
    const char *const *argv = LIST(run_host("runs"), "spawn", run_host("first_call"));
    const char *report = run_scratch("report");
    struct run run = run_program(PRELOADED, argv, LIST(run_env("GPUWARM_REPORT=%s.%%p", report)));
    cr_assert_eq(run.status, 0, "%s", run.out);
    cr_assert_eq(journal_calls(journal_read(), "cuLaunchKernel", NULL), 1);
    journal_clear();
    run_program(PRELOADED, argv, LIST("GPUWARM_TRIGGER=load"));
    cr_assert_eq(journal_calls(journal_read(), "cuLaunchKernel", NULL), 1);
}

Test(load, a_descendant_with_another_rank_is_warmed)
{
    const char *const *argv = LIST(run_host("runs"), "spawn", "/usr/bin/env", "LOCAL_RANK=1", run_host("first_call"));
    run_program(PRELOADED, argv, LIST("SIMCUDA_DEVICES=2"));
    struct journal *journal = journal_read();
    cr_assert_eq(journal_calls(journal, "cuLaunchKernel", NULL), 2);
    cr_assert_eq(journal_calls(journal, "cuDevicePrimaryCtxRetain", "device=1"), 1);
}

Test(load, opened_by_the_running_program_does_nothing)
{
    run_program(PLAIN, LIST(run_host("opens_late"), run_build("libgpuwarm.so")), LIST("GPUWARM_TRIGGER=load"));
    struct journal *journal = journal_read();
    cr_assert_eq(journal->count, 1, "only the program's own cuInit");
}

Test(load, no_cuda_library_of_others_makes_a_program_cuda)
{
    const char *preload = run_env("LD_PRELOAD=%s:%s", run_build("libgpuwarm.so"), run_build("simcuda/libcuda.so.1"));
    struct run run = run_program(PLAIN, LIST(run_host("plain")), LIST(preload));
    cr_assert_eq(run.status, 7);
    cr_assert_eq(journal_read()->count, 0);
}

static bool has_machine_code(void)
{
    struct stat fat_binary;
    return stat(run_build("shim/cuda/kernel.fatbin"), &fat_binary) == 0;
}

/* The result of a warm-up of which the driver refuses images of these kinds; the program must not notice. */
static cJSON *warmed_without(const char *faults)
{
    const char *path = run_scratch("report");
    struct run without = run_program(PLAIN, LIST(run_host("first_call")), NULL);
    journal_clear();
    struct run with = run_program(PRELOADED, LIST(run_host("first_call")),
                                  LIST(run_env("GPUWARM_REPORT=%s", path), run_env("SIMCUDA_FAULT=%s", faults)));
    cr_expect_eq(with.status, without.status, "%s: %d", faults, with.status);
    cr_expect_str_eq(with.out, without.out, "%s: %s", faults, with.out);
    return report_read(path);
}

static void expect_no_kernel(cJSON *report, const char *error)
{
    const cJSON *device = report_device(report, 0);
    cr_expect_str_eq(report_text(report, "result"), "partial");
    cr_expect_str_eq(report_text(report_stage(device, "kernel"), "error"), error);
    cr_expect_str_eq(report_text(report_stage(device, "memory"), "result"), "ok");
}

/* Where libnvidia-ptxjitcompiler.so.1 is missing, PTX is refused: it is not needed where there is machine code. */
Test(load, a_driver_without_its_compiler)
{
    cJSON *report = warmed_without("ptx=221");
    if (has_machine_code())
        cr_expect_str_eq(report_text(report, "result"), "warm");
    else
        expect_no_kernel(report, "CUDA_ERROR_JIT_COMPILER_NOT_FOUND");
}

/* PTX is for every GPU. What is said where that is refused too is why it was: the way out is there. */
Test(load, a_gpu_that_the_machine_code_is_not_for)
{
    cr_expect_str_eq(report_text(warmed_without("binary=209"), "result"), "warm");
    cr_expect_eq(journal_calls(journal_read(), "cuModuleLoadDataEx", "image=ptx module="), 1);
    expect_no_kernel(warmed_without("binary=209,ptx=221"), "CUDA_ERROR_JIT_COMPILER_NOT_FOUND");
}

/* The first is refused, of whatever kind it is: the other. */
Test(load, a_kernel_image_that_is_refused_leaves_the_other)
{
    if (!has_machine_code())
        cr_skip_test("built without nvcc, so there is only PTX");
    const char *path = run_env("GPUWARM_REPORT=%s", run_scratch("report"));
    run_program(PRELOADED, LIST(run_host("first_call")), LIST(path));
    cr_expect_eq(journal_calls(journal_read(), "cuModuleLoadDataEx", "image=binary"), 1, "machine code comes first");
    cr_expect_eq(journal_calls(journal_read(), "cuModuleLoadDataEx", "image=ptx"), 0);
    run_program(PRELOADED, LIST(run_host("first_call")), LIST(path, "SIMCUDA_FAULT=cuModuleLoadDataEx=209@1"));
    cr_expect_eq(journal_calls(journal_read(), "cuModuleLoadDataEx", "image=ptx"), 1);
    cr_expect_str_eq(report_text(report_read(run_scratch("report")), "result"), "warm");
}

/* PyInstaller's loader only waits for the program, which it starts as another process: that is what is meant. */
Test(load, of_a_packed_program_only_the_program_itself)
{
    for (const char *const *variable = LIST("_MEIPASS2", "_PYI_PARENT_PROCESS_LEVEL"); *variable; variable++) {
        journal_clear();
        const char *const *settings = LIST("GPUWARM_TRIGGER=load", "GPUWARM_LOG=info");
        struct run run = run_program(PRELOADED, LIST(run_host("unpacks"), *variable), settings);
        cr_expect_eq(run.status, 6, "%d", run.status);
        cr_expect_str_eq(run.out, "unpacked\n");
        cr_expect_not_null(strstr(run.err, "unpacks: not warmed: PyInstaller's loader"), "%s", run.err);
        cr_expect_not_null(strstr(run.err, "(device 0) warm in"), "%s", run.err);
        cr_expect_eq(journal_calls(journal_read(), "cuLaunchKernel", NULL), 1, "%s", run.err);
    }
}
