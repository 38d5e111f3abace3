/* SPDX-License-Identifier: MIT */
/* Finding symbols in loaded objects, tried on this process and on what its loader answers for the same names. */
#include "elf/libc.h"
#include "elf/object.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static const struct link_map *objects(void)
{
    return _r_debug.r_map;
}

static void *symbol_of(const struct link_map *object, const char *name)
{
    const struct object_tables tables = object_tables(object);
    return object_find(&tables, name);
}

static const struct link_map *object_named(const char *part)
{
    const struct link_map *object = objects();
    while (object && !strstr(object->l_name, part))
        object = object->l_next;
    return object;
}

Test(libc, what_the_program_reaches_too)
{
    struct libc libc;
    cr_assert(libc_find(objects(), &libc));
    cr_assert_eq(libc.environment, &environ);
    cr_assert_eq((void *)libc.open, dlsym(RTLD_DEFAULT, "dlopen"));
    cr_assert_eq((void *)libc.symbol, dlsym(RTLD_DEFAULT, "dlsym"));
    cr_assert_eq((void *)libc.error, dlsym(RTLD_DEFAULT, "dlerror"));
    cr_assert_eq(libc.symbol(RTLD_DEFAULT, "getpid"), (void *)getpid);
}

Test(libc, every_function_of_the_c_library_that_is_asked_for)
{
    static const char *const names[] = {"read",   "write",   "accept",    "accept4",    "poll", "ppoll",
                                        "select", "pselect", "epoll_ctl", "epoll_wait", "fork", "qsort",
                                        "printf", "_exit",   "_environ",  "stdout"};
    const struct link_map *libc = object_named("libc.so.6");
    cr_assert_not_null(libc);
    void *handle = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_assert_eq(symbol_of(libc, names[i]), dlsym(handle, names[i]), "%s", names[i]);
}

/* What older linkers make: DT_HASH alone. Two symbols after the empty one, the first of them an import. */
static ElfW(Dyn) older[] = {
    {.d_tag = DT_HASH}, {.d_tag = DT_SYMTAB}, {.d_tag = DT_STRTAB}, {.d_tag = DT_STRSZ}, {.d_tag = DT_NULL}};

/* The addresses in it, as they are where it was linked `bias` bytes below. */
static void older_place(ElfW(Addr) bias)
{
    static const char strings[] = "\0imported\0defined";
    static const ElfW(Sym) symbols[] = {{0},
                                        {.st_name = 1, .st_info = STT_FUNC},
                                        {.st_name = 10, .st_info = STT_OBJECT, .st_shndx = 1, .st_value = 64}};
    static const uint32_t hash[] = {1, 3, 1, 0, 2, 0};
    older[0].d_un.d_ptr = (ElfW(Addr))hash - bias;
    older[1].d_un.d_ptr = (ElfW(Addr))symbols - bias;
    older[2].d_un.d_ptr = (ElfW(Addr))strings - bias;
    older[3].d_un.d_val = sizeof strings;
}

Test(libc, an_object_with_the_older_hash_table)
{
    older_place(0);
    const struct link_map object = {.l_ld = older};
    cr_assert_null(symbol_of(&object, "imported"));
    cr_assert_null(symbol_of(&object, "undefined"));
    cr_assert_eq(symbol_of(&object, "defined"), (void *)64);
    older[0].d_tag = DT_DEBUG;
    cr_assert_null(symbol_of(&object, "defined"), "no hash table at all");
}

/*
 * The loader relocates addresses in place, but not in the vDSO and not in a section that is read only. gVisor's vDSO is
 * linked at 0xffffffffff700000, prelinked libraries above where they are mapped: their bias is negative.
 */
Test(libc, an_object_whose_addresses_are_relocated_or_not)
{
    const ElfW(Addr) here = (ElfW(Addr))older;
    const ElfW(Addr)
        biases[] = {(ElfW(Addr))1 << 46, here - 0xffffffffff700000, here - 0x7fff00000000, 0x7e0000000000, 0x108000, 0};
    for (size_t i = 0; i < sizeof biases / sizeof *biases; i++) {
        const struct link_map object = {.l_addr = biases[i], .l_ld = older};
        /* Under valgrind the tests lie low, below a bias that then no object of theirs can have. */
        if (biases[i] > here && biases[i] < (ElfW(Addr))1 << 34)
            continue;
        older_place(0);
        cr_expect_eq((ElfW(Addr))symbol_of(&object, "defined"), biases[i] + 64, "relocated, %zu", i);
        older_place(biases[i]);
        if (biases[i] > (ElfW(Addr))1 << 34)
            cr_expect_eq((ElfW(Addr))symbol_of(&object, "defined"), biases[i] + 64, "not relocated, %zu", i);
    }
}

/* Nothing is followed that leads out of the object, or out of its table of strings. */
Test(libc, an_object_whose_addresses_lead_nowhere)
{
    const struct link_map object = {.l_addr = 0, .l_ld = older};
    older_place((ElfW(Addr))1 << 40);
    cr_expect_null(symbol_of(&object, "defined"));
    cr_expect_null(object_string(&object, DT_STRTAB));
    older_place(0);
    older[3].d_un.d_val = 10;
    cr_expect_null(symbol_of(&object, "defined"));
    older[3].d_tag = DT_DEBUG;
    cr_expect_null(symbol_of(&object, "defined"));
}

Test(libc, what_is_not_there)
{
    static const char *const names[] = {"", "no_such_symbol", "getpi", "getpidd", "libc.so.6"};
    for (const struct link_map *object = objects(); object; object = object->l_next)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            cr_assert_null(symbol_of(object, names[i]), "%s in %s", names[i], object->l_name);
}

/* An import is no definition, and a function that picks its implementation when bound has no address of its own. */
Test(libc, what_is_not_defined_as_it_stands)
{
    cr_assert_null(symbol_of(object_named("libcriterion"), "malloc"));
    cr_assert_null(symbol_of(object_named("libc.so.6"), "strlen"));
}

Test(libc, without_objects)
{
    struct libc libc;
    cr_assert_not(libc_find(NULL, &libc));
    cr_assert_null(libc.environment);
    cr_assert_null((void *)libc.open);
}

/* A C library that is not glibc: one object that defines nothing of it. */
Test(libc, another_c_library)
{
    struct libc libc;
    struct link_map alone = *object_named("libcriterion");
    alone.l_next = NULL;
    cr_assert_not(libc_find(&alone, &libc));
    cr_assert_null((void *)libc.open);
}
