/* SPDX-License-Identifier: MIT */
/*
 * The executable as it is mapped, tried on the test program itself: it imports memmem, links Criterion, links no CUDA
 * library, and carries the wrapper below as nvcc would have it.
 */
#include "elf/image.h"
#include "made_object.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Between the variables of a program that AddressSanitizer watches lie zones that nothing may read. */
#if defined __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif
static void skip_where_segments_cannot_be_read_whole(void)
{
#ifdef __SANITIZE_ADDRESS__
    cr_skip_test("AddressSanitizer forbids reading whole segments");
#endif
}

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

/* This process, with the auxiliary vector that the kernel keeps of it. */
static struct image found(void)
{
    static ElfW(auxv_t) auxiliary[64];
    struct image image;
    FILE *file = fopen("/proc/self/auxv", "r");
    cr_assert(file && fread(auxiliary, 1, sizeof auxiliary - sizeof *auxiliary, file) > 0);
    fclose(file);
    cr_assert(image_find(&(struct start){.auxiliary = auxiliary}, &image));
    return image;
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
    cr_assert_eq(image.maps->l_ld, _DYNAMIC, "the executable comes first");
    cr_assert(is_in(&image, searched), "constants");
    cr_assert(is_in(&image, (const void *)(uintptr_t)found), "code");
    cr_assert(is_in(&image, &wrapper), "data");
    cr_assert_not(is_in(&image, &zero[512]), ".bss");
    cr_assert_not(is_in(&image, &automatic), "the stack");
    cr_assert_not(is_in(&image, (const void *)(uintptr_t)dlsym(RTLD_DEFAULT, "memmem")), "the C library");
    cr_assert_lt((uintptr_t)&wrapper - (uintptr_t)image.data.start, image.data.size, "the data segment");
}

static const char *find_searched(struct span part)
{
    return memmem(part.start, part.size, searched, sizeof searched - 1);
}

/* What is in it is what the program has: its spans can be read whole, and hold its strings. */
Test(image, spans_are_readable)
{
    skip_where_segments_cannot_be_read_whole();
    struct image image = found();
    bool unknown = false;
    cr_assert_not_null(
        fatbin_search_outside(find_searched, image.spans, image.span_count, &(size_t){(size_t)1 << 30}, &unknown));
}

/* The program's own of a name that the C library has: exported, and so in the symbol table, but not imported. */
int ttyslot(void)
{
    return -1;
}

static bool imports(const struct link_map *object, const char *symbol)
{
    char names[64] = "nothing_of_this_name";
    strcpy(names + sizeof "nothing_of_this_name", symbol);
    strcpy(names + sizeof "nothing_of_this_name" + strlen(symbol) + 1, "m");
    uint32_t found = object_imports(object, names);
    cr_assert(found == 0 || found == 2, "%x", found);
    return found;
}

Test(image, imports)
{
    struct image image = found();
    cr_assert_not_null(memmem(searched, sizeof searched, "own", 3), "memmem is imported, because it is called");
    cr_assert(imports(image.maps, "memmem"));
    cr_assert(imports(image.maps, "dlsym"));
    cr_assert_not(imports(image.maps, "memme"));
    cr_assert_not(imports(image.maps, "memmemx"));
    cr_assert_not(imports(image.maps, "MEMMEM"));
    cr_assert_not(imports(image.maps, ""));
    cr_assert_eq(dlsym(RTLD_DEFAULT, "ttyslot"), (void *)(uintptr_t)ttyslot, "ttyslot is not exported");
    cr_assert_not(imports(image.maps, "ttyslot"), "it is the program's own");
    cr_assert_not(imports(image.maps, "daemon"), "the C library has it, and we do not call it");
    cr_assert_not_null(dlsym(RTLD_DEFAULT, "daemon"));
}

Test(image, links_no_cuda_library)
{
    struct image image = found();
    struct links links;
    image_links(&image, true, &links);
    const char *library = links.library;
    cr_assert_eq(links.count, 1);
    cr_assert_eq(links.objects[0], image.maps);
    cr_assert_null(library, "%s", library);
}

/* The executable, which needs `needs`; libapp.so.1, which needs libcudart.so.12; and that, which needs libapp.so.1. */
static struct object objects[4];
static struct links links;

static const char *cuda_library_of(const char *const needs[3])
{
    object_make(&objects[0], "", NULL, needs);
    object_make(&objects[1], "/lib/libcurl.so.4", "libcurl.so.4", (const char *const[3]){NULL});
    object_make(&objects[2], "/opt/libapp-2.so", "libapp.so.1",
                (const char *const[3]){"libcurl.so.4", "libcudart.so.12"});
    object_make(&objects[3], "/opt/libcudart.so.12", "libcudart.so.12", (const char *const[3]){"libapp.so.1"});
    for (int i = 0; i < 3; i++)
        objects[i].map.l_next = &objects[i + 1].map;
    image_links(&(struct image){.maps = &objects[0].map}, true, &links);
    return links.library;
}

Test(image, links_a_cuda_library)
{
    static const char *const directly[3] = {"libcurl.so.4", "libcudart.so.12"}, *const through[3] = {"libapp.so.1"};
    static const char *const path[3] = {"/opt/libcudart.so.12"};
    cr_assert_not_null(cuda_library_of(directly));
    cr_assert_str_eq(cuda_library_of(directly), "libcudart.so.12");
    cr_assert_not_null(cuda_library_of(through));
    cr_assert_str_eq(cuda_library_of(through), "libcudart.so.12");
    cr_assert_eq(links.count, 2, "what lies between is looked at too");
    cr_assert_eq(links.objects[0], &objects[0].map);
    cr_assert_eq(links.objects[1], &objects[2].map);
    cr_assert_not_null(cuda_library_of(directly));
    cr_assert_eq(links.count, 1);
    cr_assert_not_null(cuda_library_of(path));
}

Test(image, what_it_needs_is_looked_at_too)
{
    static const char *const needs[3] = {"libcurl.so.4", "libapp.so.1", "libcudart.so.12"}, *const none[3] = {
                                                                                                "libgone.so"};
    const struct image image = {.maps = &objects[0].map};
    cr_assert_not_null(cuda_library_of(needs));
    cr_assert_eq(links.count, 2);
    image_add_needed(&image, &links);
    cr_assert_eq(links.count, 3, "not twice, and not the CUDA library");
    cr_assert_eq(links.objects[2], &objects[1].map);
    cr_assert_null(cuda_library_of(none));
    image_add_needed(&image, &links);
    cr_assert_eq(links.count, 1, "what is not loaded is not there");
}

Test(image, what_its_libraries_need_is_looked_at_too)
{
    static const char *const needs[3] = {"libapp.so.1"};
    const struct image image = {.maps = &objects[0].map};
    cr_assert_not_null(cuda_library_of(needs));
    cr_assert_eq(links.count, 2);
    image_add_needed(&image, &links);
    cr_assert_eq(links.count, 3);
    cr_assert_eq(links.objects[2], &objects[1].map, "libcurl.so.4, which only libapp.so.1 needs");
}

/* Layers of libraries, each of which needs all of the next: what a search that forgets where it was never ends on. */
Test(image, dense_libraries_are_walked_once)
{
    enum { LAYERS = 24, WIDTH = 3, LAST = LAYERS * WIDTH };
    static struct object dense[1 + LAST];
    char names[LAYERS + 1][WIDTH][24];
    for (int i = 0; i <= LAYERS; i++)
        for (int j = 0; j < WIDTH; j++)
            snprintf(names[i][j], sizeof names[i][j], i == LAYERS ? "libnone.so" : "liblayer%d-%d.so", i, j);
    for (int i = -1; i < LAYERS; i++)
        for (int j = 0; j < (i < 0 ? 1 : WIDTH); j++) {
            struct object *made = &dense[i < 0 ? 0 : 1 + i * WIDTH + j];
            object_make(made, i < 0 ? "" : names[i][j], NULL,
                        (const char *const[3]){names[i + 1][0], names[i + 1][1], names[i + 1][2]});
            made->map.l_next = made == &dense[LAST] ? NULL : &made[1].map;
        }
    static struct object preloaded;
    object_make(&preloaded, "/opt/libcuda.so.1", "libcuda.so.1", (const char *const[3]){NULL});
    dense[LAST].map.l_next = &preloaded.map;
    image_links(&(struct image){.maps = &dense[0].map}, true, &links);
    cr_assert_null(links.library);
}

/* Somebody else's preload is no reason, also where it and what it needs need each other. */
Test(image, a_preloaded_cuda_library_is_not_linked)
{
    static const char *const libc_only[3] = {"libc.so.6"}, *const nothing[3] = {NULL};
    cr_assert_null(cuda_library_of(libc_only));
    cr_assert_null(cuda_library_of(nothing));
}

Test(image, names_of_objects)
{
    static struct object object;
    object_make(&object, "/opt/libapp-2.so", "libapp.so.1", (const char *const[3]){"libc.so.6"});
    cr_assert_str_eq(object_name(&object.map), "libapp.so.1");
    cr_assert_str_eq(object_string(&object.map, DT_NEEDED), "libc.so.6");
    cr_assert_null(object_string(&object.map, DT_RUNPATH));
    object_make(&object, "/opt/libapp-2.so", NULL, (const char *const[3]){NULL});
    cr_assert_str_eq(object_name(&object.map), "libapp-2.so");
}

Test(image, has_a_fat_binary)
{
    skip_where_segments_cannot_be_read_whole();
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
