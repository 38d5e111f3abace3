/* SPDX-License-Identifier: MIT */
/* Names of variables as compilers store them; what must not be read lies behind the bytes, in a page of its own. */
#include "elf/variable.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned char *edge;

static void at_the_edge(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(pages, MAP_FAILED);
    cr_assert_eq(mprotect(pages + page, page, PROT_NONE), 0);
    edge = pages + page;
}

TestSuite(variable, .init = at_the_edge);

static const char *named(const void *bytes, size_t size)
{
    memcpy(edge - size, bytes, size);
    return variable_named((struct span){edge - size, size});
}

#define NAMED(literal) named(literal, sizeof(literal) - 1)

static void expect(const char *found, const char *name)
{
    cr_assert_not_null(found, "%s", name);
    cr_expect_str_eq(found, name);
}

Test(variable, as_it_stands)
{
    expect(NAMED("CUDA_VISIBLE_DEVICES"), "CUDA_VISIBLE_DEVICES");
    expect(NAMED("a\0CUDA_VISIBLE_DEVICES=0\0b"), "CUDA_VISIBLE_DEVICES");
    expect(NAMED("CUDA_DEVICE_ORDER"), "CUDA_DEVICE_ORDER");
    expect(NAMED("CUDA_MODULE_LOADING"), "CUDA_MODULE_LOADING");
    expect(NAMED("CUDA_DEVICE_MAX_CONNECTIONS"), "CUDA_DEVICE_MAX_CONNECTIONS");
    expect(NAMED("CUDA_MPS_PIPE_DIRECTORY"), "CUDA_MPS");
    expect(NAMED("CCCUDACUDA_CUDA_MPS_PIPE_DIRECTORY"), "CUDA_MPS");
}

/* gcc -O2: movdqa of 16 bytes; the rest is an immediate somewhere else. */
Test(variable, in_a_constant)
{
    expect(NAMED("\1\2CUDA_VISIBLE_DEV"), "CUDA_VISIBLE_DEVICES");
    expect(NAMED("CUDA_DEVICE_ORDE\xff"), "CUDA_DEVICE_ORDER");
    expect(NAMED("CUDA_DEVICE_MAX_"), "CUDA_DEVICE_MAX_CONNECTIONS");
}

/* gcc -O0: movabs $..., %rax; movabs $..., %rdx. */
Test(variable, in_immediates)
{
    expect(NAMED("\x48\xb8"
                 "CUDA_VIS\x48\xba"
                 "IBLE_DEV\x48\x89\x45\xe0"),
           "CUDA_VISIBLE_DEVICES");
    expect(NAMED("\x48\xb8"
                 "CUDA_DEV\x48\xba"
                 "ICE_ORDE\x66\xc7"),
           "CUDA_DEVICE_ORDER");
    expect(NAMED("\x48\xb8"
                 "CUDA_MPS\x48\xba"
                 "_PIPE_DI"),
           "CUDA_MPS");
    /* The second one 56 bytes behind the first, and 57. */
    char code[96] = "CUDA_MOD";
    snprintf(code + 64, sizeof code - 64, "ULE_LOAD");
    expect(named(code, sizeof code), "CUDA_MODULE_LOADING");
    snprintf(code + 64, sizeof code - 64, "?ULE_LOAD");
    cr_expect_null(named(code, sizeof code), "too far apart");
}

Test(variable, that_is_another)
{
    cr_expect_null(NAMED(""));
    cr_expect_null(NAMED("C"));
    cr_expect_null(NAMED("CUDA_"));
    cr_expect_null(NAMED("CUDA_MP"));
    cr_expect_null(NAMED("CUDA_VIS"));
    cr_expect_null(NAMED("CUDA_VISIBLE_DE"));
    cr_expect_null(NAMED("CUDA_DEVICE_ID\0CUDA_DEVICES\0CUDA_CACHE_PATH\0CUDA_VERSION\0CUDA_LAUNCH_BLOCKING"));
    cr_expect_null(NAMED("\x48\xb8"
                         "CUDA_VIS\x48\xba"
                         "UALISE!!"));
}
