# SPDX-License-Identifier: MIT
#
# make          the library, the simulated driver and the examples, in build/
# make demo     an example server, cold and warmed, side by side
# make test     unit and end-to-end tests (Criterion; says what to install where it is missing)
# make help     all targets

CC      ?= cc
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
DESTDIR ?=
BUILD   ?= build
PYTHON  ?= python3
# Where a CUDA toolkit is, if there is one: nothing needs it.
CUDA_HOME ?= /usr/local/cuda
NVCC    ?= $(or $(shell command -v nvcc),$(wildcard $(CUDA_HOME)/bin/nvcc),nvcc)

comma := ,
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

# V=1 shows the commands.
Q    := $(if $(V),,@)
say   = $(if $(V),,@echo '  $(1)  $@')

# ---- what is built of what ------------------------------------------------------------------------------------------

SHIM_ROOMS      := base elf policy cuda report interpose
SHIM_SOURCES    := $(wildcard shim/*.c $(SHIM_ROOMS:%=shim/%/*.c))
SIMCUDA_SOURCES := $(wildcard tests/simcuda/*.c)
UNIT_SOURCES    := $(wildcard tests/unit/*.c)
E2E_SOURCES     := $(wildcard tests/e2e/*.c)
HOST_SOURCES    := $(wildcard tests/hosts/*.c)
C_SOURCES       := $(SHIM_SOURCES) $(SIMCUDA_SOURCES) $(UNIT_SOURCES) $(E2E_SOURCES) $(HOST_SOURCES) \
                   $(wildcard tests/bench/*.c tests/fuzz/*.c tests/anywhere/*.c tests/clients/*.c tests/servers/*.c tests/standins/*.c examples/*/*.c docs/*.c)
C_HEADERS       := $(wildcard shim/*.h $(SHIM_ROOMS:%=shim/%/*.h) tests/*/*.h examples/*/*.h)

LIBRARY  := $(BUILD)/libgpuwarm.so
SIMCUDA  := $(BUILD)/simcuda/libcuda.so.1
EXAMPLES := $(addprefix $(BUILD)/examples/,server client demo driver-api)
HOST_LIBRARIES := $(patsubst tests/hosts/%.c,$(BUILD)/tests/hosts/%.so,$(filter tests/hosts/lib%,$(HOST_SOURCES)))
HOSTS    := $(patsubst tests/hosts/%.c,$(BUILD)/tests/hosts/%,$(filter-out tests/hosts/lib%,$(HOST_SOURCES))) $(HOST_LIBRARIES)
BENCHES  := $(addprefix $(BUILD)/bench/,bare calls epolls idle libempty.so load nothing scan serve start)
TESTS    := $(BUILD)/tests/unit-tests $(BUILD)/tests/e2e-tests

# ---- flags ----------------------------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wformat=2 -Wundef
COMMON   := -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -Ishim -MMD -MP

# The shim is a guest in every process of a tree, also in old and foreign ones:
# - no FORTIFY and no stack protector: they import symbols that musl or an older glibc lacks;
# - lazy binding, asked for because some distributions default to -z now: each import would cost every process;
# - small before fast (-Os: 8 KiB less; what costs time here is the driver);
# - one segment for code and constants: two fewer to map in every process;
# - nothing exported but the hooks, and those without version names;
# - tables for unwinding: a thread may be cancelled, or ended by a signal handler, in any of our frames;
# - frame pointers, but in leaves: profilers follow our frames, and clang needs 5 KiB less for the tables.
# What must be so whatever CFLAGS and LDFLAGS say (a distribution's hardening, link-time optimisation, an instruction set
# that an older processor lacks, large files, which make fcntl another function) comes after them.
SHIM_FLAGS   := $(COMMON) -include shim/base/symver.h -fPIC -fvisibility=hidden -ffunction-sections
SHIM_MUST    := -std=gnu11 -fno-stack-protector -U_FORTIFY_SOURCE -U_FILE_OFFSET_BITS -U_TIME_BITS -fno-lto \
                -fasynchronous-unwind-tables -fno-omit-frame-pointer -momit-leaf-frame-pointer
SHIM_MACHINE := $(shell $(CC) -dumpmachine)
SHIM_MUST    += $(if $(findstring x86_64,$(SHIM_MACHINE)),-march=x86-64)
# On aarch64 the compiler's own atomics come with a constructor that looks a function up in every process.
SHIM_MUST    += $(if $(findstring aarch64,$(SHIM_MACHINE)),-march=armv8-a -mno-outline-atomics)
# -Oz where the compiler has it (gcc 12).
ifeq ($(origin SHIM_OPTIMISE),undefined)
SHIM_OPTIMISE := $(if $(filter ok,$(shell echo | $(CC) -Oz -x c -E - >/dev/null 2>&1 && echo ok)),-Oz,-Os)
endif
# gold always has code and constants in one segment, and no word for it.
ONE_SEGMENT  := $(if $(findstring gold,$(LDFLAGS)),,-Wl$(comma)-z$(comma)noseparate-code)
# Executed as a program it begins at entry_print (shim/base/entry.c).
SHIM_LDFLAGS := -shared -nostartfiles -Wl,-e,entry_print -Wl,-soname,libgpuwarm.so -Wl,-z,relro -Wl,-z,defs $(ONE_SEGMENT) \
                -Wl,--gc-sections -Wl,--hash-style=gnu -Wl,--as-needed
# Packed relocations, of which glibc before 2.36 knows nothing; linkers that never heard of them warn of the word.
SHIM_LDMUST  := -Wl,-z,lazy $(if $(findstring pack-relative-relocs,$(LDFLAGS)),-Wl$(comma)-z$(comma)nopack-relative-relocs)

SIMCUDA_FLAGS   := $(COMMON) -fPIC -fvisibility=hidden -Itests/simcuda
# Stays loaded when a program closes it: threads of its own run in it.
SIMCUDA_LDFLAGS := -shared -Wl,-soname,libcuda.so.1 -Wl,-Bsymbolic -Wl,-z,defs -Wl,-z,nodelete

# What programs and tests use: libraries of their own before glibc 2.34, and not there in a program that needs none.
SYSTEM_LIBS := -Wl,--as-needed -ldl -lpthread -lrt -Wl,--no-as-needed

TEST_FLAGS := $(COMMON) -Itests/e2e -Itests/simcuda

# ---- the library and the simulated driver ---------------------------------------------------------------------------

.PHONY: all
all: $(LIBRARY) $(SIMCUDA) $(EXAMPLES) ## the library, the simulated driver and the examples, in $(BUILD)

# One that an older system would not load is deleted again (.DELETE_ON_ERROR).
$(LIBRARY): $(SHIM_SOURCES:%.c=$(BUILD)/%.o) shim/loadable.sh
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(SHIM_LDFLAGS) $(LDFLAGS) $(SHIM_LDMUST) -o $@ $(filter %.o,$^)
	$(Q)READELF="$$($(CC) -print-prog-name=readelf)" sh shim/loadable.sh $@

$(SIMCUDA): $(SIMCUDA_SOURCES:%.c=$(BUILD)/%.o)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(SIMCUDA_LDFLAGS) $(LDFLAGS) -o $@ $^ $(SYSTEM_LIBS)

# The same driver at the age of Debian 12's: what came later is not exported, and the version is another.
SIMCUDA_OLDER := $(BUILD)/simcuda/12.2/libcuda.so.1

$(SIMCUDA_OLDER): $(filter-out %/version.o,$(SIMCUDA_SOURCES:%.c=$(BUILD)/%.o)) $(BUILD)/simcuda/12.2/version.o \
                  $(BUILD)/simcuda/12.2/libcuda.map
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(SIMCUDA_LDFLAGS) $(LDFLAGS) -Wl,--version-script=$(@D)/libcuda.map -o $@ $(filter %.o,$^) $(SYSTEM_LIBS)

$(BUILD)/simcuda/12.2/version.o: tests/simcuda/version.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(SIMCUDA_FLAGS) $(CFLAGS) -fno-lto -DSIMCUDA_VERSION=12020 -c -o $@ $<

$(BUILD)/simcuda/12.2/libcuda.map: tests/simcuda/cuda_names.def
	@mkdir -p $(@D)
	@awk -F'[(, ]+' 'BEGIN { print "{ global:" } $$1 == "CUDA_NAME" && $$4 <= 12020 { print $$2 ";" } \
	    END { print "local: *; };" }' $< > $@

$(BUILD)/shim/cuda/kernel.o: shim/cuda/kernel.ptx

# The kernel as machine code beside its PTX, where nvcc is; make FAT_BINARY=no leaves it out. Compressed as drivers before
# CUDA 13 can read it. Code for 8.0 runs on every GPU of 8.x, and so on (CUDA C++ Programming Guide, binary compatibility).
FAT_BINARY      ?= $(if $(shell command -v $(NVCC) 2>/dev/null),yes,no)
FAT_BINARY_GPUS ?= 75 80 90 100 120
ifeq ($(FAT_BINARY),yes)
$(BUILD)/shim/cuda/kernel.o: SHIM_FLAGS += -DGPUWARM_FAT_BINARY='"$(BUILD)/shim/cuda/kernel.fatbin"'
$(BUILD)/shim/cuda/kernel.o: $(BUILD)/shim/cuda/kernel.fatbin
endif

$(BUILD)/shim/cuda/kernel.fatbin: shim/cuda/kernel.ptx shim/cuda/kernel.sh
	@mkdir -p $(@D)
	$(call say,NVCC)
	$(Q)NVCC='$(NVCC)' sh shim/cuda/kernel.sh $< $@ $(FAT_BINARY_GPUS)

$(BUILD)/shim/%.o: shim/%.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(SHIM_FLAGS) $(CFLAGS) $(SHIM_MUST) $(SHIM_OPTIMISE) -c -o $@ $<

$(BUILD)/tests/simcuda/%.o: tests/simcuda/%.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(SIMCUDA_FLAGS) $(CFLAGS) -fno-lto -c -o $@ $<

# Stand-ins for CUDA libraries, which leave their calls in the simulated driver's journal.
STANDINS := $(addprefix $(BUILD)/standins/,libcublas.so.13 libcublasLt.so.13 libcudnn.so.9)

$(BUILD)/standins/%: $(BUILD)/tests/standins/standin.o $(addprefix $(BUILD)/tests/simcuda/,settings.o journal.o)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-soname,$(@F) -Wl,-z,defs -o $@ $(filter %.o,$^) $(SYSTEM_LIBS)

.SECONDARY: $(BUILD)/tests/standins/standin.o
$(BUILD)/standins/libcublas.so.13: $(BUILD)/tests/standins/cublas.o
$(BUILD)/standins/libcublasLt.so.13: $(BUILD)/tests/standins/cublasLt.o
$(BUILD)/standins/libcudnn.so.9: $(BUILD)/tests/standins/cudnn.o

# What has to lie beside cuDNN for it to be called (shim/cuda/libraries.def), and is never loaded here.
CUDNN_PARTS       := $(subst $(comma), ,$(shell awk -F'"' '/"libcudnn"/ { print $$4 }' shim/cuda/libraries.def))
STANDIN_PARTS     := $(CUDNN_PARTS:%=$(BUILD)/standins/libcudnn_%.so.9)
GPU_STANDIN_PARTS := $(CUDNN_PARTS:%=$(BUILD)/gpu/standins/libcudnn_%.so)
$(BUILD)/standins/libcudnn.so.9: $(STANDIN_PARTS)
$(BUILD)/gpu/standins/libcudnn.so: $(GPU_STANDIN_PARTS)

$(STANDIN_PARTS) $(GPU_STANDIN_PARTS):
	@mkdir -p $(@D)
	$(Q)touch $@

$(BUILD)/tests/standins/%.o: tests/standins/%.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(SIMCUDA_FLAGS) $(CFLAGS) -c -o $@ $<

# ---- programs on the driver API: linked with the simulator, run with whatever libcuda.so.1 the loader finds ----------

LINK_CUDA = $(SIMCUDA) -Wl,--allow-shlib-undefined
LINK_CUDA_INDIRECTLY = -Wl,--allow-shlib-undefined -Wl,-rpath-link,$(dir $(SIMCUDA))

$(BUILD)/examples/server: examples/server/server.c $(SIMCUDA)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $< $(LINK_CUDA)

$(BUILD)/examples/driver-api: examples/driver-api/first_call.c $(SIMCUDA)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $< $(LINK_CUDA)

$(BUILD)/examples/client $(BUILD)/examples/demo: $(BUILD)/examples/%: examples/server/%.c examples/server/request.c
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $(filter %.c,$^) $(SYSTEM_LIBS)

# ---- demo, bench ----------------------------------------------------------------------------------------------------

.PHONY: demo bench
demo: all ## a server and a Python service, cold and warmed, side by side
	@$(BUILD)/examples/demo $(BUILD)
	@if command -v $(PYTHON) >/dev/null; then $(PYTHON) -B examples/pytorch/demo.py $(BUILD); \
	    else echo 'No python3 here: the Python service is not shown.'; fi

bench: all $(BENCHES) $(BUILD)/tests/hosts/loops ## what the library costs, in microseconds and instructions
	-@sh tests/packages.sh valgrind libeatmydata1
	@$(BUILD)/bench/load $(BUILD)
	@$(BUILD)/bench/start $(BUILD)
	@$(BUILD)/bench/scan
	@$(BUILD)/bench/calls $(BUILD)
	@$(BUILD)/bench/serve $(BUILD)

$(BUILD)/bench/bare $(BUILD)/bench/idle: $(BUILD)/bench/%: tests/bench/%.c $(SIMCUDA)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $< $(LINK_CUDA)

$(BUILD)/bench/load $(BUILD)/bench/start: $(BUILD)/bench/%: tests/bench/%.c tests/bench/process.c
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $(filter %.c,$^)

$(BUILD)/bench/serve: tests/bench/serve.c tests/bench/ask.c tests/bench/process.c
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $(filter %.c,$^)

$(BUILD)/bench/calls: tests/bench/calls.c tests/bench/process.c tests/e2e/trace.c
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) -Itests/e2e $(CFLAGS) -o $@ $(filter %.c,$^)

$(BUILD)/bench/epolls: tests/bench/epolls.c
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $< $(SYSTEM_LIBS)

$(BUILD)/bench/nothing: tests/bench/nothing.c
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $<

$(BUILD)/bench/libempty.so: tests/bench/libempty.c
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -shared -fPIC -o $@ $<

$(BUILD)/bench/scan: tests/bench/scan.c $(BUILD)/shim/elf/fatbin.o $(BUILD)/shim/base/scan.o $(BUILD)/shim/elf/variable.o
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $< $(filter %.o,$^)

# ---- tests ----------------------------------------------------------------------------------------------------------

.PHONY: test test-packages
test: test-packages ## unit and end-to-end tests; installs what they need, or says what to type
	@$(MAKE) --no-print-directory run-tests

# What the tests need beyond a compiler: installed when the caller may, else named with the command to type.
TEST_PACKAGES := libcriterion-dev libcjson-dev python3 make
# Libraries that others preload, and a command that starts programs; a test of one that is not there is skipped.
TEST_NEIGHBOURS := libeatmydata1 libjemalloc2 libsocket-wrapper numactl

test-packages:
	@sh tests/packages.sh $(TEST_PACKAGES)
	-@sh tests/packages.sh $(TEST_NEIGHBOURS)

# Without running them, for another system: make build-tests CC=aarch64-linux-gnu-gcc BUILD=build/aarch64
.PHONY: run-tests build-tests
build-tests: all $(SIMCUDA_OLDER) $(STANDINS) $(TESTS) $(HOSTS) $(BUILD)/docs/configuration

run-tests: build-tests
	@sh tests/run.sh $(BUILD) unit-tests e2e-tests

$(BUILD)/tests/unit-tests: $(UNIT_SOURCES:%.c=$(BUILD)/%.o) \
                           $(filter-out $(BUILD)/shim/gpuwarm.o,$(SHIM_SOURCES:%.c=$(BUILD)/%.o))
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lcriterion -lcjson $(SYSTEM_LIBS)

$(BUILD)/tests/e2e-tests: $(E2E_SOURCES:%.c=$(BUILD)/%.o)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lcriterion -lcjson $(SYSTEM_LIBS)

$(BUILD)/tests/unit/cuda_header.o: TEST_FLAGS += -isystem $(CUDA_HOME)/include -DGPUWARM_CUDA_HOME='"$(CUDA_HOME)"'

$(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(TEST_FLAGS) $(CFLAGS) -c -o $@ $<

# A host is one file, lib*.c a library of a host. What it links beyond the C library is said in its first line, as in
# "// link: cuda no-pie".
HOST_LINKS  = $(shell sed -n '1s|^// link: ||p' $<)
HOST_LDLIBS = $(if $(filter cuda,$(HOST_LINKS)),$(LINK_CUDA)) $(if $(filter no-pie,$(HOST_LINKS)),-no-pie -fno-pie) \
              $(if $(filter exceptions,$(HOST_LINKS)),-fexceptions) $(if $(filter O0,$(HOST_LINKS)),-O0) \
              $(if $(filter worker,$(HOST_LINKS)),$(@D)/libworker.so -Wl$(comma)-rpath$(comma)'$$ORIGIN' $(LINK_CUDA_INDIRECTLY)) \
              $(if $(filter standins,$(HOST_LINKS)),-Wl$(comma)--no-as-needed $(BUILD)/standins/libcublas.so.13 -rdynamic) \
              $(if $(filter foreign,$(HOST_LINKS)),$(@D)/libforeign.so -Wl$(comma)-rpath$(comma)'$$ORIGIN') \
              $(if $(filter kernels,$(HOST_LINKS)),$(@D)/libkernels.so -Wl$(comma)-rpath$(comma)'$$ORIGIN') \
              $(if $(filter starter,$(HOST_LINKS)),-L$(@D) -l:libglib-2.0.so -Wl$(comma)-rpath$(comma)'$$ORIGIN') \
              $(if $(filter opens,$(HOST_LINKS)),-L$(@D) -l:libopens.so -Wl$(comma)-rpath$(comma)'$$ORIGIN') \
              $(if $(filter rpath,$(HOST_LINKS)),-Wl$(comma)-rpath$(comma)'$$ORIGIN/own' -Wl$(comma)--disable-new-dtags) \
              $(if $(filter acts,$(HOST_LINKS)),$(@D)/libacts.so -Wl$(comma)-rpath$(comma)'$$ORIGIN') \
              $(if $(filter runpath,$(HOST_LINKS)),-Wl$(comma)-rpath$(comma)'$$ORIGIN/own' -Wl$(comma)--enable-new-dtags) \
              $(if $(filter now,$(HOST_LINKS)),-Wl$(comma)-z$(comma)now)

$(BUILD)/tests/hosts/lib%.so: tests/hosts/lib%.c $(SIMCUDA)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -shared -fPIC -o $@ $< $(HOST_LDLIBS)

$(BUILD)/tests/hosts/libkernels.so $(BUILD)/tests/hosts/libopens.so: tests/hosts/fat_binary.h

$(BUILD)/tests/hosts/%: tests/hosts/%.c tests/hosts/fat_binary.h tests/hosts/forks_first.c tests/hosts/chooses_by.c tests/hosts/copies_name.c $(SIMCUDA) | $(HOST_LIBRARIES) $(STANDINS)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) -Itests/hosts $(CFLAGS) -o $@ $< $(HOST_LDLIBS) $(SYSTEM_LIBS)

# A host in Python is used as it is.
HOST_SCRIPTS := $(patsubst tests/hosts/%,$(BUILD)/tests/hosts/%,$(wildcard tests/hosts/*.py))
build-tests: $(HOST_SCRIPTS)

$(BUILD)/tests/hosts/%.py: tests/hosts/%.py
	@mkdir -p $(@D)
	$(Q)cp $< $@
# One program for each function that it is not to be warmed for.
IMPORTS      := __fork __clone setuid setresuid setrlimit prlimit mlockall
IMPORT_HOSTS := $(addprefix $(BUILD)/tests/hosts/imports_,$(IMPORTS))
HOSTS        += $(IMPORT_HOSTS)
build-tests: $(IMPORT_HOSTS)

$(IMPORT_HOSTS): tests/hosts/imports.c $(SIMCUDA)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) -DIMPORTED=$(patsubst imports_%,%,$(@F)) $(CFLAGS) -o $@ $< $(HOST_LDLIBS) $(SYSTEM_LIBS)

# One program for each way to make a child, and for each library that does it: what an executable imports is looked at.
CHILD_WAYS  := fork _Fork daemon forkpty clone library
CHILD_HOSTS := $(foreach way,$(CHILD_WAYS),$(BUILD)/tests/hosts/child_by_$(way) $(BUILD)/tests/hosts/child_by_$(way)-no-pie)
CHOOSE_HOST := $(BUILD)/tests/hosts/chooses_in_library
OWN_LINK     = -Wl,--as-needed $(@D)/libforks.so $(@D)/libchooses.so -Wl,-rpath,'$$ORIGIN' -Wl,--no-as-needed
HOSTS       += $(CHILD_HOSTS) $(CHOOSE_HOST)
build-tests: $(CHILD_HOSTS) $(CHOOSE_HOST)

$(CHILD_HOSTS): tests/hosts/child_by.c $(SIMCUDA) | $(HOST_LIBRARIES)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) -Itests/hosts -DCHILD_BY=CHILD_BY_$(patsubst child_by_%,%,$(@F:-no-pie=)) $(CFLAGS) -o $@ $< \
	    $(if $(filter %-no-pie,$@),-no-pie -fno-pie) $(HOST_LDLIBS) $(OWN_LINK) $(SYSTEM_LIBS) -Wl,--as-needed -lutil

$(CHOOSE_HOST): tests/hosts/chooses_by.c $(SIMCUDA) | $(HOST_LIBRARIES)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) -Itests/hosts -DIN_LIBRARY $(CFLAGS) -o $@ $< $(HOST_LDLIBS) $(OWN_LINK) $(SYSTEM_LIBS)

# ---- tests in other systems -----------------------------------------------------------------------------------------

# gcc-multilib, of which two packages are enough, cannot be installed beside a cross-compiler.
ANYWHERE_PACKAGES := gcc binutils debootstrap debian-archive-keyring musl-tools libcap2-bin gcc-aarch64-linux-gnu \
                     qemu-user-static
ifeq ($(shell uname -m),x86_64)
ANYWHERE_PACKAGES += libc6-dev-i386 lib32gcc-$(shell gcc -dumpversion)-dev
ANYWHERE_LIBRARY  := $(BUILD)/32/libgpuwarm.so
endif

.PHONY: test-anywhere
test-anywhere: test-packages ## other systems: glibc 2.31, aarch64, musl, static, 32-bit, set-uid, built on Debian 13, gVisor; PARTS="older secure"; the tests in a Debian of their own: PARTS="debian12 debian12-user debian13 debian13-user"
	@sh tests/packages.sh $(ANYWHERE_PACKAGES)
	-@sh tests/packages.sh runsc
	@$(MAKE) --no-print-directory -s all $(HOSTS) $(BUILD)/bench/libempty.so $(ANYWHERE_LIBRARY)
	@MAKE='$(MAKE)' TEST_PACKAGES='$(TEST_PACKAGES) $(TEST_NEIGHBOURS)' sh tests/anywhere/run.sh $(BUILD) $(PARTS)

# An empty library, of which the loader of 32-bit programs says nothing; it needs no 32-bit C library.
$(BUILD)/32/libgpuwarm.so:
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)echo | $(CC) -m32 -shared -nostdlib -s -Wl,-soname,libgpuwarm.so -o $@ -x c -

# ---- real programs on the simulated driver --------------------------------------------------------------------------

CLIENT_SOURCES  := $(filter-out tests/clients/offload.c,$(wildcard tests/clients/*.c))
CLIENT_PACKAGES := ffmpeg gcc-12 gcc-12-offload-nvptx python3-numba

.PHONY: test-clients run-test-clients
test-clients: test-packages ## programs that nobody here wrote, cold and warmed: ffmpeg, GCC's OpenMP offloading, numba
	@sh tests/packages.sh $(CLIENT_PACKAGES)
	@$(MAKE) --no-print-directory run-test-clients

run-test-clients: $(LIBRARY) $(SIMCUDA) $(SIMCUDA_OLDER) $(BUILD)/tests/clients-tests $(BUILD)/tests/clients/offload
	@sh tests/run.sh $(BUILD) clients-tests

$(BUILD)/tests/clients-tests: $(CLIENT_SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/tests/e2e/run.o
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lcriterion -lcjson $(SYSTEM_LIBS)

# GCC for the device as for the host, whatever CC is. It would have a ptxas that it finds look at the code, which may
# be too new to know the GPU that GCC 12 writes for.
$(BUILD)/tests/clients/offload: tests/clients/offload.c
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)gcc-12 -O2 -fopenmp -no-pie -foffload=nvptx-none -foffload-options=nvptx-none=-Wa,--no-verify -o $@ $<

# ---- real servers on the simulated driver ---------------------------------------------------------------------------

SERVER_SOURCES  := $(addprefix tests/servers/,server.c ask.c expect.c servers.c)
SERVER_PACKAGES := g++ systemd python3-flask python3-waitress python3-uvicorn python3-uvloop gunicorn python3-gevent \
                   python3-tornado python3-grpcio python3-aiohttp python3-celery nodejs openjdk-17-jdk-headless
SERVER_PROGRAMS := $(addprefix $(BUILD)/tests/servers/,accepts polls prefork epoll gpu_node.so gpu_java.so witness.so \
                   Serve.class)
SERVER_SHARED   := $(addprefix $(BUILD)/tests/servers/,gpu.o http.o)
CXX             ?= c++

.PHONY: test-servers run-test-servers
test-servers: test-packages ## servers that nobody here wrote: who is warmed, when and how often
	@sh tests/packages.sh $(SERVER_PACKAGES)
	@$(MAKE) --no-print-directory run-test-servers

run-test-servers: $(LIBRARY) $(SIMCUDA) $(BUILD)/tests/servers-tests $(SERVER_PROGRAMS)
	@sh tests/run.sh $(BUILD) servers-tests

$(BUILD)/tests/servers-tests: $(SERVER_SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/tests/e2e/run.o
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lcriterion -lcjson $(SYSTEM_LIBS)

$(BUILD)/tests/servers/servers.o: tests/servers/servers.def

$(SERVER_SHARED): TEST_FLAGS += -fPIC

$(addprefix $(BUILD)/tests/servers/,accepts polls prefork): $(BUILD)/tests/servers/%: tests/servers/%.c $(SERVER_SHARED)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $^ $(SYSTEM_LIBS)

$(BUILD)/tests/servers/epoll: tests/servers/epoll.cc $(SERVER_SHARED)
	$(call say,LINK)
	$(Q)$(CXX) -Wall -Wextra -O2 -g -o $@ $^ $(SYSTEM_LIBS)

# What is missing in these is node's.
$(BUILD)/tests/servers/%.so: tests/servers/%.c $(BUILD)/tests/servers/gpu.o
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -shared -fPIC -o $@ $^ $(SYSTEM_LIBS)

$(BUILD)/tests/servers/Serve.class: tests/servers/Serve.java
	@mkdir -p $(@D)
	$(call say,JAVA)
	$(Q)javac -d $(@D) $<

# ---- what people install from PyPI, on the simulated driver ---------------------------------------------------------

FRAMEWORK_PROGRAMS  := $(addprefix $(BUILD)/tests/servers/,gpu_node.so gpu_java.so)
# What is not from PyPI; what cannot be built is skipped.
FRAMEWORK_LANGUAGES := openjdk-17-jdk-headless golang-go rustc cargo librust-tokio-dev redis-tools
FRAMEWORK_COMPILED  := $(BUILD)/tests/servers/Serve.class $(addprefix $(BUILD)/tests/frameworks/,serve_go serve_std serve_tokio)

.PHONY: test-frameworks run-test-frameworks frameworks-page
test-frameworks: ## frameworks from PyPI, left idle: who is warm before anybody connects; PARTS="uvicorn grpc", PARTS=ci
	@sh tests/packages.sh python3-venv
ifneq ($(PARTS),ci)
	-@sh tests/packages.sh $(FRAMEWORK_LANGUAGES)
endif
	@$(MAKE) --no-print-directory run-test-frameworks

run-test-frameworks: $(LIBRARY) $(SIMCUDA) $(FRAMEWORK_PROGRAMS)
ifneq ($(PARTS),ci)
	-@$(MAKE) --no-print-directory -k $(FRAMEWORK_COMPILED)
endif
	@/usr/bin/python3 -B -m unittest discover -q -s tests/frameworks
	@/usr/bin/python3 -B tests/frameworks $(BUILD) $(PARTS)

$(BUILD)/tests/frameworks/serve_go: tests/frameworks/apps/serve.go $(BUILD)/tests/servers/gpu.o
	@mkdir -p $(@D)
	$(call say,GO  )
	$(Q)ar rc $(@D)/libgpu.a $(filter %.o,$^)
	$(Q)CGO_CFLAGS=-I$(abspath tests/servers) CGO_LDFLAGS='-L$(abspath $(@D)) -lgpu -ldl' GO111MODULE=off \
	    GOCACHE=$(abspath $(BUILD))/frameworks/go go build -o $@ $<

$(BUILD)/tests/frameworks/serve_std: tests/frameworks/apps/serve_std.rs tests/frameworks/apps/gpu.rs $(BUILD)/tests/servers/gpu.o
	@mkdir -p $(@D)
	$(call say,RUST)
	$(Q)/usr/bin/rustc -O -C link-arg=$(BUILD)/tests/servers/gpu.o -C link-arg=-ldl -o $@ $<

# With Debian's packages of crates, without a registry.
$(BUILD)/tests/frameworks/serve_tokio: tests/frameworks/apps/serve_tokio.rs tests/frameworks/apps/gpu.rs \
                                       tests/frameworks/apps/Cargo.toml $(BUILD)/tests/servers/gpu.o
	@mkdir -p $(@D)/rust
	$(call say,RUST)
	$(Q)cp $(filter %.rs %.toml,$^) $(@D)/rust
	$(Q)cd $(@D)/rust && RUSTFLAGS='-C link-arg=$(abspath $(BUILD))/tests/servers/gpu.o -C link-arg=-ldl' \
	    RUSTC=/usr/bin/rustc /usr/bin/cargo build --quiet --offline --release --target-dir . \
	    --config 'source.crates-io.replace-with="debian"' --config 'source.debian.directory="/usr/share/cargo/registry"'
	$(Q)cp $(@D)/rust/release/$(@F) $@

frameworks-page: ## docs/frameworks.md from the last run of all
	@/usr/bin/python3 -B tests/frameworks/page.py $(BUILD)/frameworks/results.json > docs/frameworks.md

# ---- programs and tests of others, with and without -----------------------------------------------------------------

TRANSPARENCY_PACKAGES := python3.11 libpython3.11-testsuite redis-tools libpcre2-8-0 libssl3

.PHONY: test-transparency
test-transparency: all ## CPython's tests, redis and nginx do the same with the library; PARTS="redis test_socket"
	@sh tests/packages.sh $(TRANSPARENCY_PACKAGES)
	@/usr/bin/python3.11 -B tests/transparency $(BUILD) $(PARTS)

# ---- PyTorch on the simulated driver --------------------------------------------------------------------------------

PYTORCH_PACKAGES ?= torch numpy uvicorn gunicorn
PYTORCH_VENV     ?= $(BUILD)/pytorch/venv

.PHONY: test-pytorch
test-pytorch: $(LIBRARY) $(SIMCUDA) $(PYTORCH_VENV)/installed ## PyTorch's build with CUDA, without a GPU: who is warmed (downloads 3 GB once); PARTS="Ranks gunicorn"
	@/usr/bin/python3 -B tests/pytorch $(BUILD) $(PYTORCH_VENV)/bin/python $(PARTS)

$(PYTORCH_VENV)/installed:
	@sh tests/packages.sh python3-venv
	$(call say,PIP )
	$(Q)/usr/bin/python3 -m venv $(@D)
	$(Q)$(@D)/bin/pip install --quiet --disable-pip-version-check $(PYTORCH_PACKAGES)
	$(Q)touch $@

# ---- the proof on a GPU ---------------------------------------------------------------------------------------------
#
# The programs of the kit are linked as the examples are; what nvcc builds is asked for by the kit where nvcc is.

GPU_TEST        = $(PYTHON) -B tests/gpu/gpu_test.py --build $(BUILD) $(GPU_FLAGS)
GPU_FLAGS       ?=
GPU_C_SOURCES   := $(wildcard tests/gpu/clients/*.c tests/gpu/hosts/*.c)
GPU_STANDINS    := $(wildcard tests/gpu/standins/*.c)
GPU_PROGRAMS    := $(patsubst tests/gpu/%.c,$(BUILD)/gpu/%,$(GPU_C_SOURCES)) $(BUILD)/gpu/gpuwarm-bench \
                   $(patsubst tests/gpu/%.c,$(BUILD)/gpu/%.so,$(GPU_STANDINS))
BENCH_SOURCES   := shim/cli/bench.c shim/cli/timed.c
C_SOURCES       += $(GPU_C_SOURCES) $(GPU_STANDINS) $(BENCH_SOURCES) $(wildcard tests/gpu/test/*.c)
C_HEADERS       += $(wildcard shim/cli/*.h tests/gpu/*/*.h)
NVCC_FLAGS      ?=
CUDA_LIB        ?= /usr/local/cuda/lib64

.PHONY: gpu-programs gpu-test gpu-test-simulated gpu-kit-test gpu-page
gpu-programs: all $(GPU_PROGRAMS)

gpu-test: gpu-programs ## measure on this machine's GPU, into build/gpu; PARTS="split safety clients services libraries"
	@$(GPU_TEST) $(PARTS)

gpu-test-simulated: gpu-programs ## the same on the simulated driver, into build/gpu-simulated
	@$(GPU_TEST) --simulated $(PARTS)

gpu-kit-test: gpu-programs ## tests of what measures, without a GPU
	@command -v $(PYTHON) >/dev/null || sh tests/packages.sh python3
	@GPUWARM_TEST_BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/gpu/run_tests.py

gpu-page: ## docs/measurements/ from build/gpu/report.json
	@$(PYTHON) -B tests/gpu/page.py $(BUILD)/gpu/report.json docs/measurements

$(BUILD)/gpu/gpuwarm-bench: $(BENCH_SOURCES:%.c=$(BUILD)/%.o) \
                            $(filter-out $(BUILD)/shim/gpuwarm.o,$(SHIM_SOURCES:%.c=$(BUILD)/%.o))
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) -Wl,--gc-sections -o $@ $^ $(SYSTEM_LIBS)

# Stand-ins for NVIDIA's libraries, for the kit on the simulated driver.
$(BUILD)/gpu/standins/%.so: tests/gpu/standins/%.c
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -shared -fPIC -Wl,-soname,$(@F) -o $@ $<

$(BUILD)/gpu/%: tests/gpu/%.c $(SIMCUDA)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $< -Wl,--as-needed $(LINK_CUDA) $(SYSTEM_LIBS)

.SECONDARY: $(patsubst tests/gpu/%,$(BUILD)/gpu/%.o,$(wildcard tests/gpu/*/*.cu))
$(BUILD)/gpu/%.cu.o: tests/gpu/%.cu $(wildcard tests/gpu/clients/*.h)
	@mkdir -p $(@D)
	$(call say,NVCC)
	$(Q)$(NVCC) $(NVCC_FLAGS) -O2 -c -o $@ $<

$(BUILD)/gpu/%-static: $(BUILD)/gpu/%.cu.o
	$(call say,NVCC)
	$(Q)$(NVCC) $(NVCC_FLAGS) -cudart static -o $@ $<

$(BUILD)/gpu/%-shared: $(BUILD)/gpu/%.cu.o
	$(call say,NVCC)
	$(Q)$(NVCC) $(NVCC_FLAGS) -cudart shared -Xlinker -rpath -Xlinker $(CUDA_LIB) -o $@ $<
# ---- stress ---------------------------------------------------------------------------------------------------------

STRESS_PROCESSES ?= 2000
STRESS_SEED      ?=

.PHONY: stress
stress: $(LIBRARY) $(SIMCUDA) $(BUILD)/tests/hosts/acts ## processes that are ended, forked and replaced at random moments around their warm-up; STRESS_SEED=1
	@command -v $(PYTHON) >/dev/null || sh tests/packages.sh python3
	@$(PYTHON) -B tests/stress.py $(BUILD) $(STRESS_PROCESSES) $(STRESS_SEED)

# ---- checks ---------------------------------------------------------------------------------------------------------

.PHONY: lint docs
LINT_PACKAGES := clang-format clang-tidy cppcheck shellcheck
lint: test-packages ## format and static checks
	@sh tests/packages.sh $(LINT_PACKAGES)
	@WARNINGS='$(WARNINGS)' CUDA_HOME='$(CUDA_HOME)' sh tests/lint.sh $(C_SOURCES) $(C_HEADERS)

docs: $(BUILD)/docs/configuration ## docs/configuration.md from the tables of settings
	$< > docs/configuration.md

$(BUILD)/docs/configuration: docs/configuration.c
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $<

# What all checks and tests install, as each of them names it; a step of its own installs it faster at once.
.PHONY: packages
packages:
	@echo $(sort $(TEST_PACKAGES) $(TEST_NEIGHBOURS) $(LINT_PACKAGES) valgrind libclang-rt-14-dev $(ANYWHERE_PACKAGES) \
	    $(CLIENT_PACKAGES) $(SERVER_PACKAGES) $(TRANSPARENCY_PACKAGES) python3-venv runsc)

# ---- tests under checkers --------------------------------------------------------------------------------------------

SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
UNDEFINED := -O1 -g -fsanitize=undefined -fsanitize-undefined-trap-on-error -DGPUWARM_INSTRUMENTED

# The unit tests with AddressSanitizer; then all tests, and the library in every victim, with traps where behaviour is
# undefined: those need no runtime library, so they can be preloaded.
.PHONY: sanitize valgrind fuzz
sanitize: test-packages ## tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/sanitize CFLAGS='$(SANITIZE)' $(BUILD)/sanitize/tests/unit-tests
	@$(BUILD)/sanitize/tests/unit-tests
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/undefined CFLAGS='$(UNDEFINED)' run-tests

valgrind: all test-packages $(BUILD)/tests/unit-tests $(HOSTS) ## unit tests and warm-ups under memcheck
	@sh tests/packages.sh valgrind
	@sh tests/valgrind.sh $(BUILD)

# Each target for FUZZ_SECONDS; what it finds is left in $(BUILD)/fuzz, and belongs into a unit test.
FUZZ_SECONDS ?= 10
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
fuzz: fuzz-packages ## libFuzzer on the parsers, FUZZ_SECONDS=10 each
	@$(MAKE) --no-print-directory $(FUZZERS)
	@for target in $(FUZZERS); do sh tests/fuzz.sh $$target $(FUZZ_SECONDS) || exit 1; done

.PHONY: fuzz-packages
fuzz-packages:
	@sh tests/packages.sh clang libclang-rt-14-dev

$(BUILD)/fuzz/%: tests/fuzz/%.c $(filter-out shim/gpuwarm.c,$(SHIM_SOURCES))
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)clang $(COMMON) -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $@ $(filter %.c,$^)

# ---- installing, cleaning -------------------------------------------------------------------------------------------

.PHONY: install install-32 uninstall clean help
install: $(LIBRARY) ## libgpuwarm.so into $(DESTDIR)$(LIBDIR)
	install -d $(DESTDIR)$(LIBDIR)
	install -s -m 0755 $(LIBRARY) $(DESTDIR)$(LIBDIR)/libgpuwarm.so

install-32: $(BUILD)/32/libgpuwarm.so ## an empty one for 32-bit programs, into their LIBDIR
	install -d $(DESTDIR)$(LIBDIR)
	install -m 0755 $< $(DESTDIR)$(LIBDIR)/libgpuwarm.so

uninstall: ## removes it: first take it out of LD_PRELOAD
	rm -f $(DESTDIR)$(LIBDIR)/libgpuwarm.so

clean: ## removes $(BUILD)
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-19s %s\n", $$1, $$2 }' Makefile

-include $(shell find $(BUILD) \( -path $(BUILD)/anywhere -o -name 'venv*' \) -prune -o -name '*.d' -type f -print 2>/dev/null)
