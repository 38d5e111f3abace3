/* SPDX-License-Identifier: MIT */
/* See object.h. */
#include "elf/object.h"
#include "base/memory.h"
#include "base/scan.h"
#include "base/text.h"
#include <stdint.h>
#include <string.h>

/* The value of an entry of the dynamic section, 0 when there is none. */
static ElfW(Addr) dynamic_value(const struct link_map *object, ElfW(Sxword) tag)
{
    for (const ElfW(Dyn) *entry = object->l_ld; entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == tag)
            return entry->d_un.d_ptr;
    return 0;
}

/* Is the address where something of the object may lie? Code reaches 2 GiB around itself, and so is hardly larger. */
static bool is_near(const struct link_map *object, ElfW(Addr) address)
{
    enum { REACH_BITS = 33 };
    ElfW(Addr) section = (ElfW(Addr))object->l_ld;
    return (address > section ? address - section : section - address) >> REACH_BITS == 0;
}

/*
 * An entry that holds an address. glibc relocates those in place, but not in the vDSO, nor in a section that is read
 * only (lld's -z rodynamic). Which it was, the address itself tells: it lies near the section, or does so once the load
 * bias is added. Only where an object was moved by less than its size both may be (valgrind loads executables 1 MiB
 * above their place): relocated then. A bias may be negative: the vDSO of gVisor, and of Linux before 3.16, is linked
 * at 0xffffffffff700000, and prelinked libraries were moved down. NULL: nothing that can be followed.
 */
static const void *address_of(const struct link_map *object, ElfW(Addr) value)
{
    ElfW(Addr) moved = object->l_addr + value;
    bool is_relocated = is_near(object, value), is_relative = is_near(object, moved);
    if (is_relocated && is_relative)
        is_relocated = value >= object->l_addr || (ElfW(Sxword))object->l_addr < 0;
    return !value ? NULL : is_relocated ? (const void *)value : is_relative ? (const void *)moved : NULL;
}

static const void *dynamic_address(const struct link_map *object, ElfW(Sxword) tag)
{
    return address_of(object, dynamic_value(object, tag));
}

/* The table of the object's strings. */
struct strings {
    const char *start;
    size_t size;
};

static struct strings strings_of(const struct link_map *object)
{
    const char *start = dynamic_address(object, DT_STRTAB);
    return (struct strings){start, start ? dynamic_value(object, DT_STRSZ) : 0};
}

/* NULL: beyond the end of the table. */
static const char *string_at(const struct strings *strings, size_t offset)
{
    return offset < strings->size ? strings->start + offset : NULL;
}

const char *object_string(const struct link_map *object, ElfW(Sxword) tag)
{
    const struct strings strings = strings_of(object);
    for (const ElfW(Dyn) *entry = object->l_ld; entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == tag)
            return string_at(&strings, entry->d_un.d_val);
    return NULL;
}

const char *object_needs(const struct link_map *object, size_t nth)
{
    const struct strings strings = strings_of(object);
    for (const ElfW(Dyn) *entry = object->l_ld; entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_NEEDED && nth-- == 0) {
            const char *needed = string_at(&strings, entry->d_un.d_val);
            return needed ? text_base_name(needed) : NULL;
        }
    return NULL;
}

const char *object_name(const struct link_map *object)
{
    const char *soname = object_string(object, DT_SONAME);
    return text_base_name(soname ? soname : object->l_name);
}

#if __ELF_NATIVE_CLASS == 64
#define RELOCATION_SYMBOL(info) ELF64_R_SYM(info)
#else
#define RELOCATION_SYMBOL(info) ELF32_R_SYM(info)
#endif

/* Names that are sought, and which first two letters they have: most symbols fall at those. */
struct names {
    const char *list; /* one after the other; an empty one ends it */
    uint64_t starts;
};

static uint64_t start_bit(const char *name)
{
    return name[0] ? UINT64_C(1) << (((unsigned char)name[0] + 8 * (unsigned char)name[1]) % 64) : 0;
}

static struct names names_of(const char *list)
{
    struct names names = {list, 0};
    for (; *list; list += strlen(list) + 1)
        names.starts |= start_bit(list);
    return names;
}

static uint32_t names_with(const struct names *names, const char *name)
{
    uint32_t bit = 1;
    if (!name || !(names->starts & start_bit(name)))
        return 0;
    for (const char *sought = names->list; *sought; sought += strlen(sought) + 1, bit <<= 1)
        if (strcmp(name, sought) == 0)
            return bit;
    return 0;
}

/*
 * Which undefined symbols of these names does a table of relocations refer to? The dynamic symbol table itself does not
 * say how long it is, and the hash tables, from which others count it, need not cover imports.
 */
static uint32_t relocations_name(const struct link_map *object, ElfW(Sxword) table, ElfW(Sxword) size,
                                 const struct names *sought)
{
    const ElfW(Rela) *relocations = dynamic_address(object, table);
    const ElfW(Sym) *symbols = dynamic_address(object, DT_SYMTAB);
    const struct strings strings = strings_of(object);
    size_t count = relocations && symbols ? dynamic_value(object, size) / sizeof *relocations : 0;
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++) {
        size_t index = RELOCATION_SYMBOL(relocations[i].r_info);
        if (index && symbols[index].st_shndx == SHN_UNDEF)
            found |= names_with(sought, string_at(&strings, symbols[index].st_name));
    }
    return found;
}

uint32_t object_imports(const struct link_map *object, const char *symbols)
{
    const struct names sought = names_of(symbols);
    return relocations_name(object, DT_JMPREL, DT_PLTRELSZ, &sought) |
           relocations_name(object, DT_RELA, DT_RELASZ, &sought);
}

struct object_tables object_tables(const struct link_map *object)
{
    const struct strings strings = strings_of(object);
    return (struct object_tables){object,
                                  strings.start,
                                  strings.size,
                                  dynamic_address(object, DT_SYMTAB),
                                  dynamic_address(object, DT_GNU_HASH),
                                  dynamic_address(object, DT_HASH)};
}

/* Is it a definition of that name that can be referred to as it is (a function that is chosen at run time cannot)? */
static bool is_definition(const struct object_tables *tables, uint32_t index, const char *name)
{
    const ElfW(Sym) *symbol = &tables->symbols[index];
    unsigned type = symbol->st_info & 0xf;
    return symbol->st_shndx != SHN_UNDEF && symbol->st_value && type <= STT_FUNC &&
           symbol->st_name < tables->strings_size && strcmp(tables->strings + symbol->st_name, name) == 0;
}

/* DT_GNU_HASH: a bucket leads to a run of symbols, whose hashes lie in a row; the lowest bit marks the last. */
static uint32_t gnu_find(const struct object_tables *tables, const char *name)
{
    const uint32_t *table = tables->gnu_hash;
    uint32_t hash = 5381;
    for (const char *c = name; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    const uint32_t *buckets = table + 4 + table[2] * (sizeof(ElfW(Addr)) / sizeof *table), *chain = buckets + table[0];
    for (uint32_t i = table[0] ? buckets[hash % table[0]] : 0; i >= table[1] && i; i++) {
        uint32_t found = chain[i - table[1]];
        if ((found | 1) == (hash | 1) && is_definition(tables, i, name))
            return i;
        if (found & 1)
            break;
    }
    return 0;
}

/* DT_HASH, which older linkers make: one chain a bucket. Gone through from end to end, since it is rare. */
static uint32_t sysv_find(const struct object_tables *tables, const char *name)
{
    for (uint32_t i = 1; i < tables->hash[1]; i++)
        if (is_definition(tables, i, name))
            return i;
    return 0;
}

void *object_find(const struct object_tables *tables, const char *name)
{
    uint32_t found = 0;
    if (tables->symbols && tables->gnu_hash)
        found = gnu_find(tables, name);
    else if (tables->symbols && tables->hash)
        found = sysv_find(tables, name);
    return found ? (void *)(tables->object->l_addr + tables->symbols[found].st_value) : NULL;
}

size_t object_segments(ElfW(Addr) bias, const ElfW(Phdr) * headers, size_t count, struct span spans[OBJECT_SPANS_MAX])
{
    size_t found = 0;
    for (size_t i = 0; i < count && found < OBJECT_SPANS_MAX; i++)
        if (headers[i].p_type == PT_LOAD && headers[i].p_flags & PF_R)
            spans[found++] = (struct span){(const unsigned char *)(bias + headers[i].p_vaddr), headers[i].p_filesz};
    return found;
}

struct spans_request {
    const struct link_map *object;
    struct span *spans;
    size_t count;
};

static int spans_collect(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct spans_request *request = argument;
    (void)size;
    if (info->dlpi_addr != request->object->l_addr || strcmp(info->dlpi_name, request->object->l_name) != 0)
        return 0;
    request->count = object_segments(info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum, request->spans);
    return 1;
}

size_t object_spans(const struct link_map *object, struct span spans[OBJECT_SPANS_MAX])
{
    struct spans_request request = {object, spans, 0};
    dl_iterate_phdr(spans_collect, &request);
    return request.count;
}

/* ---- objects that may go --------------------------------------------------------------------------------------------
 *
 * Another thread may unload the object meanwhile: then its memory is copied (memory.h), and not read as it stands.
 */

/* false: not all of it could be read. */
static bool fetch(const void *from, void *to, size_t size, bool may_go)
{
    if (may_go)
        return memory_read(from, to, size) == size;
    scan_copy(from, to, size);
    return true;
}

struct entry {
    ElfW(Sxword) tag;
    ElfW(Addr) value; /* 0: there is none */
};

/* Entries of the dynamic section. What may go is copied in pieces, since to ask for each would take longer. */
static void entries_find(const struct link_map *object, bool may_go, struct entry *entries, size_t count)
{
    enum { PIECE = 16, MOST = 256 };
    ElfW(Dyn) piece[PIECE];
    const ElfW(Dyn) *from = object->l_ld;
    size_t at = PIECE, there = PIECE;
    for (int i = 0; from && i < MOST; i++, from++, at++) {
        if (may_go && at == there) {
            there = memory_read(from, piece, sizeof piece) / sizeof *piece;
            at = 0;
        }
        const ElfW(Dyn) *entry = !may_go ? from : at < there ? &piece[at] : NULL;
        if (!entry || entry->d_tag == DT_NULL)
            return;
        for (size_t j = 0; j < count; j++)
            if (entry->d_tag == entries[j].tag)
                entries[j].value = entry->d_un.d_val;
    }
}

/*
 * Does the relocation belong to a wrapper, whose address of a fat binary it is? Only the words in front of it are read:
 * not on the page before, which need not be there.
 */
static bool is_of_wrapper(const struct link_map *object, const ElfW(Rela) * relocation, bool may_go)
{
    unsigned char start[FATBIN_WRAPPER_START];
    const ElfW(Addr) address = object->l_addr + relocation->r_offset;
    return address % 4096 >= sizeof start && is_near(object, address) &&
           fetch((const void *)(address - sizeof start), start, sizeof start, may_go) && fatbin_wrapper_begins(start);
}

/*
 * A shared library's wrappers hold addresses, so each has a relocation; the linker sorts those by place, and puts the
 * wrappers last.
 */
bool object_carries_fat_binary(const struct link_map *object, bool may_go)
{
    enum { LAST = 2 };
    struct entry entries[] = {{DT_RELA, 0}, {DT_RELACOUNT, 0}};
    ElfW(Rela) last[LAST];
    entries_find(object, may_go, entries, 2);
    const ElfW(Rela) *relocations = address_of(object, entries[0].value);
    const size_t count = entries[1].value;
    if (!relocations || count < LAST || !fetch(relocations + count - LAST, last, sizeof last, may_go))
        return false;
    return is_of_wrapper(object, &last[0], may_go) || is_of_wrapper(object, &last[1], may_go);
}

ElfW(Sxword) object_search_list(const struct link_map *object, bool may_go, char *list, size_t size)
{
    struct entry entries[] = {{DT_RUNPATH, 0}, {DT_RPATH, 0}, {DT_STRTAB, 0}, {DT_STRSZ, 0}};
    entries_find(object, may_go, entries, 4);
    const struct entry *entry = entries[0].value ? &entries[0] : &entries[1];
    const size_t offset = entry->value;
    const char *strings = address_of(object, entries[2].value);
    if (!offset || !strings || offset >= entries[3].value)
        return 0;
    const size_t left = entries[3].value - offset, bytes = left < size - 1 ? left : size - 1;
    if (!fetch(strings + offset, list, bytes, may_go))
        return 0;
    list[bytes] = '\0';
    return entry->tag;
}
