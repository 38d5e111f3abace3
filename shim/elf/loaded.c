/* SPDX-License-Identifier: MIT */
/* See loaded.h. */
#include "elf/loaded.h"
#include "base/memory.h"
#include "base/text.h"
#include "elf/object.h"
#include "elf/soname.h"
#include <stdint.h>
#include <string.h>

/* Of a list that is changed meanwhile and may have become a ring. */
enum { OBJECTS_MAX = 4096 };

/* Another thread may be adding to the list: it sets this pointer last (glibc, _dl_add_to_namespace_list). */
static const struct link_map *next_of(const struct link_map *object)
{
    return __atomic_load_n(&object->l_next, __ATOMIC_ACQUIRE);
}

bool loaded_more(const struct loaded *loaded)
{
    return next_of(loaded->start_last) != NULL;
}

/* glibc sets this variable before it makes a thread, and never clears it again while there may be one. */
static bool has_one_thread(const struct loaded *loaded)
{
    return loaded->single_threaded && *(const volatile char *)loaded->single_threaded;
}

/* From one object to another, as they stand. false: the visitor has ended the walk. */
static bool walk_plainly(const struct link_map *from, const struct link_map *to, loaded_visit *visit, void *argument)
{
    for (const struct link_map *object = from; object; object = next_of(object)) {
        if (!visit(object, object->l_name ? object->l_name : "", false, argument))
            return false;
        if (object == to)
            break;
    }
    return true;
}

/* The last object, and what that was; NULL where the visitor ended the walk, or nothing could be read. */
static const struct link_map *walk_carefully(const struct link_map *from, struct link_map *object, loaded_visit *visit,
                                             void *argument)
{
    const struct link_map *last = NULL;
    char path[512];
    for (int i = 0; i < OBJECTS_MAX && from && memory_read(from, object, sizeof *object) == sizeof *object; i++) {
        path[memory_read(object->l_name, path, sizeof path - 1)] = '\0';
        if (!visit(object, path, true, argument))
            return NULL;
        last = from;
        from = object->l_next;
    }
    return from ? NULL : last;
}

void loaded_walk(const struct loaded *loaded, loaded_visit *visit, void *argument)
{
    if (!walk_plainly(loaded->first, loaded->start_last, visit, argument) || !loaded_more(loaded))
        return;
    struct link_map object;
    const struct link_map *more = next_of(loaded->start_last);
    if (has_one_thread(loaded))
        walk_plainly(more, NULL, visit, argument);
    else
        walk_carefully(more, &object, visit, argument);
}

/* ---- what is there --------------------------------------------------------------------------------------------------
 */

static bool is_c_library(const struct link_map *object)
{
    return strcmp(object_name(object), "libc.so.6") == 0;
}

/* Everything up to the C library was mapped before anything ran: all that is opened later stands behind it. */
static const struct link_map *c_library(const struct link_map *first)
{
    const struct link_map *object = first;
    while (object->l_next && !is_c_library(object))
        object = object->l_next;
    return is_c_library(object) ? object : first;
}

/*
 * A set of names as 64-bit hashes (FNV-1a), since some programs link hundreds of libraries. A name that is needed and
 * one that an object has are two.
 */
enum { SLOTS = 1024, NAMES_MOST = 768 };
enum name_kind { NAME_NEEDED, NAME_OWN };

struct names {
    unsigned count;
    uint64_t slots[SLOTS]; /* 0: empty */
};

/* Where the name is, or would be. */
static uint64_t *name_slot(struct names *names, enum name_kind kind, const char *name, uint64_t *hash)
{
    *hash = UINT64_C(14695981039346656037) + kind;
    for (; *name; name++)
        *hash = (*hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
    *hash += !*hash;
    size_t at = *hash % SLOTS;
    while (names->slots[at] && names->slots[at] != *hash)
        at = (at + 1) % SLOTS;
    return &names->slots[at];
}

static bool name_has(struct names *names, enum name_kind kind, const char *name)
{
    uint64_t hash;
    return *name_slot(names, kind, name, &hash);
}

/* One too many is left out: then an object passes for one that a constructor has opened, which is safe. */
static void name_add(struct names *names, enum name_kind kind, const char *name)
{
    uint64_t hash, *slot = name_slot(names, kind, name, &hash);
    if (*slot || names->count == NAMES_MOST)
        return;
    *slot = hash;
    names->count++;
}

static void names_of(struct names *names, const struct link_map *object)
{
    const char *needed;
    name_add(names, NAME_OWN, object_name(object));
    for (size_t nth = 0; (needed = object_needs(object, nth)); nth++)
        name_add(names, NAME_NEEDED, needed);
}

/* By one before it; and it is no copy of one before it that was opened by its path. */
static bool is_needed(struct names *names, const struct link_map *object)
{
    const char *name = object_name(object);
    return !name_has(names, NAME_OWN, name) &&
           (name_has(names, NAME_NEEDED, name) || name_has(names, NAME_NEEDED, text_base_name(object->l_name)));
}

/*
 * The last object that cannot be unloaded. Constructors have run before ours and may have opened libraries: the first
 * of these is one that nothing before it needs.
 */
static const struct link_map *start_last(const struct link_map *first)
{
    const struct link_map *last = c_library(first), *object = first;
    struct names names = {.count = 0};
    for (; object != last->l_next; object = object->l_next)
        names_of(&names, object);
    for (; object && is_needed(&names, object); object = object->l_next) {
        names_of(&names, object);
        last = object;
    }
    return last;
}

static bool look_at(const struct link_map *object, const char *path, bool may_go, void *argument)
{
    struct loaded_cuda *cuda = argument;
    const char *name = text_base_name(path);
    cuda->driver |= strcmp(name, "libcuda.so.1") == 0;
    if (!cuda->library[0] && (soname_has(name, SONAME_CUDA) || object_carries_fat_binary(object, may_go))) {
        struct text library = text_in(cuda->library, sizeof cuda->library);
        text_format(&library, "%s", name);
    }
    return !cuda->driver;
}

/* Another thread may be reading the name: it is not written again where it is the same. */
static void cuda_set(struct loaded *loaded, const struct loaded_cuda *cuda)
{
    if (cuda->driver != loaded->cuda.driver || strcmp(cuda->library, loaded->cuda.library) != 0)
        loaded->cuda = *cuda;
}

static void look(struct loaded *loaded)
{
    struct loaded_cuda cuda = {.driver = false};
    loaded_walk(loaded, look_at, &cuda);
    cuda_set(loaded, &cuda);
}

/* Is this still the object that it was? Its memory may be another's by now. Then *now is what it is. */
static bool is_still(const struct link_map *object, const struct link_map *was, struct link_map *now)
{
    return object && memory_read(object, now, sizeof *now) == sizeof *now && now->l_addr == was->l_addr &&
           now->l_name == was->l_name && now->l_ld == was->l_ld && now->l_prev == was->l_prev;
}

/* Nothing is remembered but where a "no" ended: what was unloaded since does not matter to that. */
static void look_carefully(struct loaded *loaded)
{
    struct link_map object, was = loaded->last_was;
    struct loaded_cuda cuda = {.driver = false};
    if (!is_still(__atomic_load_n(&loaded->last, __ATOMIC_ACQUIRE), &was, &object))
        object = *loaded->start_last;
    if (!object.l_next)
        return;
    const struct link_map *ended = walk_carefully(object.l_next, &object, look_at, &cuda);
    cuda_set(loaded, &cuda);
    __atomic_store_n(&loaded->last, NULL, __ATOMIC_RELEASE);
    if (!ended || cuda.library[0])
        return;
    loaded->last_was = object;
    __atomic_store_n(&loaded->last, ended, __ATOMIC_RELEASE);
}

void loaded_begin(struct loaded *loaded, const struct link_map *first, const char *single_threaded)
{
    *loaded = (struct loaded){.first = first, .start_last = start_last(first), .single_threaded = single_threaded};
    look(loaded);
}

bool loaded_look(struct loaded *loaded)
{
    if (loaded_more(loaded)) {
        if (has_one_thread(loaded) || loaded->cuda.library[0])
            look(loaded);
        else
            look_carefully(loaded);
    }
    return loaded->cuda.library[0] != '\0';
}

/* ---- whose code -----------------------------------------------------------------------------------------------------
 */

struct nearest {
    ElfW(Addr) address, start;
    enum soname_role role;
    bool found;
};

static bool near(const struct link_map *object, const char *path, bool may_go, void *argument)
{
    struct nearest *nearest = argument;
    const ElfW(Addr) start = object->l_addr;
    (void)may_go;
    if (start <= nearest->address && start >= nearest->start) {
        nearest->start = start;
        nearest->found = soname_has(text_base_name(path), nearest->role);
    }
    return true;
}

bool loaded_has_code(const struct loaded *loaded, const void *address, enum soname_role role)
{
    struct nearest nearest = {(ElfW(Addr))address, 0, role, false};
    loaded_walk(loaded, near, &nearest);
    return nearest.found;
}
