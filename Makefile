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

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

# make V=1 shows the commands.
Q    := $(if $(V),,@)
say   = $(if $(V),,@echo '  $(1)  $@')

# ---- what is built of what ------------------------------------------------------------------------------------------

SHIM_SOURCES    := $(wildcard shim/*.c)
SIMCUDA_SOURCES := $(wildcard tests/simcuda/*.c)
UNIT_SOURCES    := $(wildcard tests/unit/*.c)
E2E_SOURCES     := $(wildcard tests/e2e/*.c)
HOST_SOURCES    := $(wildcard tests/hosts/*.c)
C_SOURCES       := $(SHIM_SOURCES) $(SIMCUDA_SOURCES) $(UNIT_SOURCES) $(E2E_SOURCES) $(HOST_SOURCES) \
                   $(wildcard tests/bench/*.c examples/*/*.c docs/*.c)
C_HEADERS       := $(wildcard shim/*.h tests/*/*.h examples/*/*.h)

LIBRARY  := $(BUILD)/libgpuwarm.so
SIMCUDA  := $(BUILD)/simcuda/libcuda.so.1
EXAMPLES := $(addprefix $(BUILD)/examples/,server client demo driver-api)
HOST_LIBRARIES := $(patsubst tests/hosts/%.c,$(BUILD)/tests/hosts/%.so,$(filter tests/hosts/lib%,$(HOST_SOURCES)))
HOSTS    := $(patsubst tests/hosts/%.c,$(BUILD)/tests/hosts/%,$(filter-out tests/hosts/lib%,$(HOST_SOURCES))) $(HOST_LIBRARIES)
BENCHES  := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
TESTS    := $(BUILD)/tests/unit-tests $(BUILD)/tests/e2e-tests

# ---- flags ----------------------------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wformat=2 -Wundef
COMMON   := -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -Ishim -MMD -MP

# The shim is a guest in every process of a tree, also in old and foreign ones:
# - no FORTIFY and no stack protector: they import symbols that musl or an older glibc lacks;
# - lazy binding, asked for because some distributions default to -z now: each import would cost every process;
# - small before fast (-Os: 8 KiB less; what costs time here is the driver);
# - one segment for code and constants: two fewer to map in every process;
# - no version names on what is exported, and nothing exported that is not in the map.
SHIM_FLAGS   := $(COMMON) -fPIC -fvisibility=hidden -ffunction-sections -fno-stack-protector -U_FORTIFY_SOURCE
SHIM_OPTIMISE ?= -Os
SHIM_LDFLAGS := -shared -Wl,-soname,libgpuwarm.so -Wl,-z,relro -Wl,-z,lazy -Wl,-z,defs -Wl,-z,noseparate-code \
                -Wl,--gc-sections -Wl,--hash-style=gnu -Wl,--as-needed -Wl,--version-script=shim/gpuwarm.map

SIMCUDA_FLAGS   := $(COMMON) -fPIC -fvisibility=hidden -Itests/simcuda
SIMCUDA_LDFLAGS := -shared -Wl,-z,nodelete -Wl,-soname,libcuda.so.1 -Wl,-Bsymbolic -Wl,-z,defs -pthread

TEST_FLAGS := $(COMMON) -Itests/e2e -Itests/simcuda

# ---- the library and the simulated driver ---------------------------------------------------------------------------

.PHONY: all
all: $(LIBRARY) $(SIMCUDA) $(EXAMPLES)

$(LIBRARY): $(SHIM_SOURCES:%.c=$(BUILD)/%.o) shim/gpuwarm.map
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(SHIM_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^)

$(SIMCUDA): $(SIMCUDA_SOURCES:%.c=$(BUILD)/%.o)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(SIMCUDA_LDFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/shim/kernel.o: shim/kernel.ptx

$(BUILD)/shim/%.o: shim/%.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(SHIM_FLAGS) $(CFLAGS) $(SHIM_OPTIMISE) -c -o $@ $<

$(BUILD)/tests/simcuda/%.o: tests/simcuda/%.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(SIMCUDA_FLAGS) $(CFLAGS) -c -o $@ $<

# ---- programs on the driver API: linked with the simulator, run with whatever libcuda.so.1 the loader finds ----------

comma := ,
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
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $(filter %.c,$^)

# ---- demo, bench ----------------------------------------------------------------------------------------------------

.PHONY: demo bench
demo: all
	@$(BUILD)/examples/demo $(BUILD)

bench: all $(BENCHES)
	@$(BUILD)/bench/load $(BUILD)
	@$(BUILD)/bench/scan

$(BUILD)/bench/bare $(BUILD)/bench/idle: $(BUILD)/bench/%: tests/bench/%.c $(SIMCUDA)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $< $(LINK_CUDA)

$(BUILD)/bench/load: tests/bench/load.c
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $<

$(BUILD)/bench/scan: tests/bench/scan.c $(BUILD)/shim/fatbin.o
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $< $(BUILD)/shim/fatbin.o

# ---- tests ----------------------------------------------------------------------------------------------------------

.PHONY: test test-packages
test: test-packages
	@$(MAKE) --no-print-directory run-tests

# What the tests need beyond a compiler: installed when the caller may, else named with the command to type.
test-packages:
	@sh tests/packages.sh libcriterion-dev libcjson-dev

.PHONY: run-tests
run-tests: all $(TESTS) $(HOSTS) $(BUILD)/docs/configuration
	@sh tests/run.sh $(BUILD)

$(BUILD)/tests/unit-tests: $(UNIT_SOURCES:%.c=$(BUILD)/%.o) \
                           $(filter-out $(BUILD)/shim/gpuwarm.o,$(SHIM_SOURCES:%.c=$(BUILD)/%.o))
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lcriterion -lcjson

$(BUILD)/tests/e2e-tests: $(E2E_SOURCES:%.c=$(BUILD)/%.o)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lcriterion -lcjson

$(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(TEST_FLAGS) $(CFLAGS) -c -o $@ $<

# A host is one file, lib*.c a library of a host. What it links beyond the C library is said in its first line, as in
# "// link: cuda no-pie".
HOST_LINKS  = $(shell sed -n '1s|^// link: ||p' $<)
HOST_LDLIBS = $(if $(filter cuda,$(HOST_LINKS)),$(LINK_CUDA)) $(if $(filter no-pie,$(HOST_LINKS)),-no-pie -fno-pie) \
              $(if $(filter worker,$(HOST_LINKS)),$(@D)/libworker.so -Wl$(comma)-rpath$(comma)'$$ORIGIN' $(LINK_CUDA_INDIRECTLY)) \
              $(if $(filter runpath,$(HOST_LINKS)),-Wl$(comma)-rpath$(comma)'$$ORIGIN/own' -Wl$(comma)--enable-new-dtags)

$(BUILD)/tests/hosts/lib%.so: tests/hosts/lib%.c $(SIMCUDA)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -shared -fPIC -o $@ $< $(HOST_LDLIBS)

$(BUILD)/tests/hosts/%: tests/hosts/%.c tests/hosts/fat_binary.h tests/hosts/forks_first.c $(SIMCUDA) | $(HOST_LIBRARIES)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) -Itests/hosts $(CFLAGS) -o $@ $< $(HOST_LDLIBS) -pthread

# ---- the proof on a GPU ---------------------------------------------------------------------------------------------
#
# make gpu-test            measure on this machine's GPU, into build/gpu; PARTS="split safety clients"
# make gpu-test-simulated  the same on the simulated driver, into build/gpu-simulated
# make gpu-kit-test        tests of the kit itself, without a GPU
# make gpu-page            docs/measurements/ from build/gpu/report.json
#
# The programs of the kit are linked as the examples are; what nvcc builds is asked for by the kit where nvcc is.

PYTHON          ?= python3
GPU_TEST        = $(PYTHON) -B tests/gpu/gpu_test.py --build $(BUILD) $(GPU_FLAGS)
GPU_FLAGS       ?=
GPU_C_SOURCES   := $(wildcard tests/gpu/clients/*.c tests/gpu/hosts/*.c)
GPU_PROGRAMS    := $(patsubst tests/gpu/%.c,$(BUILD)/gpu/%,$(GPU_C_SOURCES)) $(BUILD)/gpu/gpuwarm-bench
BENCH_SOURCES   := shim/cli/bench.c shim/cli/timed.c
C_SOURCES       += $(GPU_C_SOURCES) $(BENCH_SOURCES) $(wildcard tests/gpu/test/*.c)
C_HEADERS       += $(wildcard shim/cli/*.h tests/gpu/*/*.h)
NVCC            ?= nvcc
NVCC_FLAGS      ?=
CUDA_LIB        ?= /usr/local/cuda/lib64

.PHONY: gpu-programs gpu-test gpu-test-simulated gpu-kit-test gpu-page
gpu-programs: all $(GPU_PROGRAMS)

gpu-test: gpu-programs
	@$(GPU_TEST) $(PARTS)

gpu-test-simulated: gpu-programs
	@$(GPU_TEST) --simulated $(PARTS)

gpu-kit-test: gpu-programs
	@command -v $(PYTHON) >/dev/null || sh tests/packages.sh python3
	@GPUWARM_TEST_BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/gpu/run_tests.py

gpu-page:
	@$(PYTHON) -B tests/gpu/page.py $(BUILD)/gpu/report.json docs/measurements

$(BUILD)/gpu/gpuwarm-bench: $(BENCH_SOURCES:%.c=$(BUILD)/%.o) \
                            $(filter-out $(BUILD)/shim/gpuwarm.o,$(SHIM_SOURCES:%.c=$(BUILD)/%.o))
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) -Wl,--gc-sections -Wl,--wrap=libc_open -Wl,--wrap=libc_symbol -o $@ $^ -ldl

$(BUILD)/gpu/%: tests/gpu/%.c $(SIMCUDA)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $< -Wl,--as-needed $(LINK_CUDA) -ldl -pthread

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

# ---- checks ---------------------------------------------------------------------------------------------------------

.PHONY: lint docs
lint: test-packages
	@sh tests/packages.sh clang-format clang-tidy cppcheck shellcheck
	@WARNINGS='$(WARNINGS)' sh tests/lint.sh $(C_SOURCES) $(C_HEADERS)

docs: $(BUILD)/docs/configuration
	$< > docs/configuration.md

$(BUILD)/docs/configuration: docs/configuration.c
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(COMMON) $(CFLAGS) -o $@ $<

# ---- installing, cleaning -------------------------------------------------------------------------------------------

.PHONY: install clean help
install: $(LIBRARY)
	install -d $(DESTDIR)$(LIBDIR)
	install -s -m 0755 $(LIBRARY) $(DESTDIR)$(LIBDIR)/libgpuwarm.so

clean:
	rm -rf $(BUILD)

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
	@echo 'make bench    what the library costs, in microseconds'
	@echo 'make lint     format and static checks'
	@echo 'make docs     docs/configuration.md from the options table'
	@echo 'make install  libgpuwarm.so into $$(DESTDIR)$$(PREFIX)/lib'
	@echo 'make clean    remove build/'

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
