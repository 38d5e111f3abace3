/* SPDX-License-Identifier: MIT */
/*
 * The executable as it is mapped, tried on the test program itself: it imports memmem, links Criterion, links no CUDA
 * library, and carries the wrapper below as nvcc would have it.
 */
#include "image.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    uint32_t magic;
    uint16_t version, header_bytes;
    uint64_t bytes;
} fat_binary = {0xba55ed50, 1, 16, 0};

static struct {
    uint32_t magic, version;
    const void *data, *more;
} wrapper __attribute__((section(".nvFatBinSegment"), used, aligned(8))) = {0x466243b1, 1, &fat_binary, NULL};

static const char searched[] = "a string of the test program's own";

static struct image found(void)
{
    struct image image;
    cr_assert(image_find(&image));
    return image;
}

Test(image, cuda_libraries)
{
    static const char *const sonames[] = {
        "libcuda.so.1",        "libcuda.so",        "libcudart.so.12",    "libcudart.so.11.0",
        "libcublas.so.12",     "libcublasLt.so.12", "libcudnn.so.9",      "libcudnn_ops.so.9",
        "libcudnn_cnn.so.9",   "libcufft.so.11",    "libcurand.so.10",    "libcusolver.so.11",
        "libcusolverMg.so.11", "libcusparse.so.12", "libcusparseLt.so.0", "libcutensor.so.2",
        "libcutensorMg.so.2",  "libnccl.so.2",      "libnvinfer.so.10",   "libnvinfer_plugin.so.10",
        "libnvjpeg.so.12",     "libnvjpeg2k.so.0",  "libnppc.so.12",      "libnppial.so.12",
    };
    for (size_t i = 0; i < COUNT(sonames); i++)
        cr_assert(image_is_cuda_library(sonames[i]), "%s", sonames[i]);
}

Test(image, no_cuda_libraries)
{
    static const char *const sonames[] = {
        "",
        "lib",
        "libc.so.6",
        "libcudadebugger.so.1",
        "libnvidia-ml.so.1",
        "libcuda",
        "libcuda.1",
        "libcudart_static.a",
        "libnvrtc.so.12",
        "libcublasXt.so.12",
        "cuda.so.1",
        "xlibcuda.so.1",
        "/opt/libcuda.so.1",
        "LIBCUDA.so.1",
        "libcufile.so.0",
        "libcudnn",
        "libcud.so.1",
        "libnvidia-ptxjitcompiler.so.1",
        "libgpuwarm.so",
        "libcupti.so.12",
    };
    for (size_t i = 0; i < COUNT(sonames); i++)
        cr_assert_not(image_is_cuda_library(sonames[i]), "%s", sonames[i]);
}

static bool is_in(const struct image *image, const void *address)
{
    for (size_t i = 0; i < image->span_count; i++)
        if ((uintptr_t)address - (uintptr_t)image->spans[i].start < image->spans[i].size)
            return true;
    return false;
}

Test(image, find)
{
    static int zero[1024];
    int automatic = 0;
    struct image image = found();
    cr_assert_eq(image.dynamic, _DYNAMIC);
    cr_assert_eq(image.maps->l_ld, _DYNAMIC, "the executable comes first");
    cr_assert_eq(image.bias, image.maps->l_addr);
    cr_assert(is_in(&image, searched), "constants");
    cr_assert(is_in(&image, (const void *)(uintptr_t)found), "code");
    cr_assert(is_in(&image, &wrapper), "data");
    cr_assert_not(is_in(&image, &zero[512]), ".bss");
    cr_assert_not(is_in(&image, &automatic), "the stack");
    cr_assert_not(is_in(&image, (const void *)(uintptr_t)dlsym(RTLD_DEFAULT, "memmem")), "the C library");
    cr_assert_lt((uintptr_t)&wrapper - (uintptr_t)image.data.start, image.data.size, "the data segment");
}

/* What is in it is what the program has: its spans can be read whole, and hold its strings. */
Test(image, spans_are_readable)
{
    struct image image = found();
    cr_assert_eq(fatbin_text_outside(searched, image.spans, image.span_count, (size_t)1 << 30), 1);
}

Test(image, imports)
{
    struct image image = found();
    cr_assert_not_null(memmem(searched, sizeof searched, "own", 3), "memmem is imported, because it is called");
    cr_assert(image_imports(&image, "memmem"));
    cr_assert(image_imports(&image, "dlsym"));
    cr_assert_not(image_imports(&image, "memme"));
    cr_assert_not(image_imports(&image, "memmemx"));
    cr_assert_not(image_imports(&image, "MEMMEM"));
    cr_assert_not(image_imports(&image, ""));
    cr_assert_not(image_imports(&image, "forkpty"), "the C library has it, and we do not call it");
    cr_assert_not_null(dlsym(RTLD_DEFAULT, "forkpty"));
}

Test(image, links_no_cuda_library)
{
    struct image image = found();
    const char *library = image_cuda_library(&image);
    cr_assert_null(library, "%s", library);
}

Test(image, has_a_fat_binary)
{
    struct image image = found();
    cr_assert(image_has_fat_binary(&image));
    wrapper.magic = 0;
    cr_assert_not(image_has_fat_binary(&image));
}

static const ElfW(Dyn) * dynamic_of(const char *soname)
{
    struct link_map *map;
    void *handle = dlopen(soname, RTLD_LAZY);
    cr_assert_not_null(handle, "%s", dlerror());
    cr_assert_eq(dlinfo(handle, RTLD_DI_LINKMAP, &map), 0);
    return map->l_ld;
}

/* In front of the C library is what was preloaded or linked; what comes with dlopen is behind it. */
Test(image, preloaded)
{
    struct image image = found();
    cr_assert(image_preloaded(&image, _DYNAMIC));
    cr_assert_not(image_preloaded(&image, dynamic_of("libanl.so.1")));
    cr_assert_not(image_preloaded(&image, NULL));
}
