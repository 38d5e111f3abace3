/* SPDX-License-Identifier: MIT */
/*
 * See facts.h. In the order of what a fact costs: arguments (every process), the link map and 64 KiB of the
 * executable's data (every process that is not skipped), the whole executable (one that would else be warmed).
 */
#include "policy/facts.h"
#include "base/environment.h"
#include "base/proc.h"
#include "base/scan.h"
#include "base/text.h"
#include "elf/runpath.h"
#include "elf/soname.h"
#include "elf/variable.h"
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

/* So much is looked through for names of variables, in all (make bench shows what it takes). */
static const size_t SEARCH_BYTES_MAX = (size_t)64 << 20;

static const char *injection_find(char *const *environment)
{
    static const char variables[][36] = {
#define INJECTION(variable) #variable,
#include "policy/tools.def"
#undef INJECTION
    };
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        if (environment_get(environment, variables[i]))
            return variables[i];
    return NULL;
}

/* CUPTI may be linked or preloaded, as by Score-P and TAU: it must be attached before CUDA is initialised. */
static const char *profiler_find(const struct image *image)
{
    for (const struct link_map *map = image->maps; map; map = map->l_next)
        if (soname_matches(object_name(map), "libcupti"))
            return object_name(map);
    return NULL;
}

enum kind { FORKS, STARTS, CLOSES, ALONE, CHANGES_USER, LIMITS, SETS_FLAGS };

static const char import_names[] =
#define IMPORT(kind, name) name "\0"
#include "policy/imports.def"
#undef IMPORT
    ;
static const unsigned char import_kinds[] = {
#define IMPORT(kind, name) kind,
#include "policy/imports.def"
#undef IMPORT
};
enum { IMPORT_COUNT = sizeof import_kinds };
_Static_assert(IMPORT_COUNT <= 32, "a bit each");

/* Of a library that forks only to call exec it matters only that it starts others. */
static uint32_t imports_find(const struct links *links, bool *starts)
{
    uint32_t found = 0;
    for (size_t i = 0; i < links->count; i++) {
        if (i > 0 && soname_has(object_name(links->objects[i]), SONAME_STARTS))
            *starts = true;
        else
            found |= object_imports(links->objects[i], import_names);
    }
    return found;
}

/* The first that was found of this kind; NULL when there is none. */
static const char *import_of(uint32_t found, enum kind kind)
{
    const char *name = import_names;
    for (size_t i = 0; i < IMPORT_COUNT; i++, name += strlen(name) + 1)
        if (found >> i & 1 && import_kinds[i] == kind)
            return name;
    return NULL;
}

/*
 * Can all of a span be read? What lies beyond the end of a file that was cut is mapped nevertheless, and may never be
 * touched by the program. Before Linux 5.14 nobody can tell.
 */
static bool is_there(const struct span *span, size_t page)
{
    enum { POPULATE_READ = 22 }; /* MADV_POPULATE_READ, newer than many C libraries */
    if (!span->size || !page)
        return true;
    const unsigned char *last = span->start + span->size - 1;
    return syscall(SYS_madvise, last - (uintptr_t)last % page, page, POPULATE_READ) == 0 || errno == EINVAL;
}

/* A span that cannot be read is left out, and what it holds is not known. */
static void leave_out(struct span *spans, size_t count, size_t page, bool *unknown)
{
    for (size_t i = 0; i < count; i++) {
        if (is_there(&spans[i], page))
            continue;
        *unknown = true;
        spans[i].size = 0;
    }
}

/*
 * The driver reads these variables once, at cuInit, and a program that sets one before its first CUDA call would be
 * given other GPUs, or others under the same numbers, than it asked for.
 */
static const char *choice_find(const struct links *links, size_t page, bool *unknown)
{
    const char *found = NULL;
    size_t budget = SEARCH_BYTES_MAX;
    *unknown = links->too_many;
    for (size_t object = 0; object < links->count && !found; object++) {
        struct span spans[OBJECT_SPANS_MAX];
        size_t count = object_spans(links->objects[object], spans);
        *unknown |= count == 0 || count == OBJECT_SPANS_MAX;
        leave_out(spans, count, page, unknown);
        found = fatbin_search_outside(variable_named, spans, count, &budget, unknown);
    }
    return found;
}

/* A program's arguments, as the kernel shows them. */
struct arguments {
    char text[4096], *list[64];
};

/* The parent's, which may have ended; one that cannot be read has no name. */
static struct program parent_program(struct arguments *arguments)
{
    int argc = 0;
    const char *const end = arguments->text + proc_read_of_parent("cmdline", arguments->text, sizeof arguments->text);
    for (char *at = arguments->text; at < end && argc < 63; at += strlen(at) + 1)
        arguments->list[argc++] = at;
    arguments->list[argc] = NULL;
    return program_from(argc, arguments->list);
}

/* Was it started by a worker of multiprocessing? A forked worker has the arguments of the fork server. */
static bool is_below_worker(void)
{
    struct arguments arguments;
    return parent_program(&arguments).role != ROLE_NONE;
}

bool facts_parent_asks(const char *variable)
{
    struct arguments arguments;
    struct skip skip;
    const struct program parent = parent_program(&arguments);
    return parent.name[0] && !program_skip(&parent, NULL, &skip) && environment_of_parent(variable);
}

/*
 * The loader of a program that PyInstaller has packed starts it as another process, with one of these variables (the
 * second since 6.9), and waits; seen with 6.22. That loader has 70 KiB: of what is larger only the start is searched.
 */
static bool is_unpacking(const struct image *image, char *const *environment, size_t page)
{
    enum { LOADER_BYTES = 256 << 10 };
    static const char text[] = "_MEIPASS";
    bool found = false;
    if (environment_get(environment, "_MEIPASS2") || environment_get(environment, "_PYI_PARENT_PROCESS_LEVEL"))
        return false;
    for (size_t i = 0; i < image->span_count && !found; i++) {
        const struct span *span = &image->spans[i];
        const size_t size = span->size < LOADER_BYTES ? span->size : LOADER_BYTES;
        found = is_there(span, page) && scan_has(span->start, size, text, sizeof text - 1);
    }
    return found;
}

void facts_gather(const struct start *start, const struct image *image, const struct loaded *loaded,
                  char *const *environment, const struct config *config, struct process *process)
{
    struct facts *facts = &process->facts;
    struct links links;
    *facts = (struct facts){.secure = start->secure, .unreadable = !image};
    process->rank = (struct rank){-1, NULL};
    process->program = program_from(start->argc, start->argv);
    facts->role = process->program.role;
    struct skip skip;
    if (program_skip(&process->program, config->skip, &skip)) {
        program_skip_describe(&skip, process->skipped, sizeof process->skipped);
        facts->skipped = process->skipped;
        process->skip_level = skip.level;
    }
    if (facts->secure || facts->skipped || config->trigger == SETTING_OFF || config->devices.mode == DEVICE_NONE)
        return;
    if (!image)
        return;
    facts->opened_late = !image_preloaded(image, _DYNAMIC);
    image_links(image, loaded->cuda.library[0], &links);
    facts->cuda_library = links.library;
    facts->fat_binary = !facts->cuda_library && image_has_fat_binary(image);
    process->rank = rank_find(environment);
    facts->unpacks = config->trigger == SETTING_LOAD && is_unpacking(image, environment, auxv_value(start, AT_PAGESZ));
    facts->nested = config->trigger == SETTING_SPAWN && facts->role != ROLE_NONE && is_below_worker();
    if (config->trigger == SETTING_AUTO && !policy_is_cuda_executable(facts))
        return;
    if (runpath_has_driver(loaded, image->started, environment_get(start->environment, "LD_LIBRARY_PATH"),
                           process->driver, sizeof process->driver))
        facts->own_driver = process->driver;
    if (config->marker) {
        struct marker self = marker_self(process->rank.local);
        facts->ancestor = marker_relate(config->marker, &self);
    }
    if (!policy_is_cuda_executable(facts))
        return;
    image_add_needed(image, &links);
    bool starts = links.too_many;
    uint32_t imports = imports_find(&links, &starts);
    facts->forks_with = import_of(imports, FORKS);
    facts->leads_others = starts || facts->forks_with || import_of(imports, STARTS);
    if (config->trigger != SETTING_AUTO)
        return;
    facts->closes_with = import_of(imports, CLOSES);
    facts->alone_with = import_of(imports, ALONE);
    facts->user_with = import_of(imports, CHANGES_USER);
    facts->limits_with = import_of(imports, LIMITS);
    facts->asks_only = program_asks_only(start->argc, start->argv);
    facts->sets_flags = import_of(imports, SETS_FLAGS);
    /* Tens of milliseconds for a large executable: only while nothing known yet speaks against warming it. */
    if (policy_decide(config, facts).trigger == TRIGGER_LOAD)
        facts->chooses_with = choice_find(&links, auxv_value(start, AT_PAGESZ), &facts->too_large);
    facts->injection = injection_find(environment);
    if (!facts->injection)
        facts->injection = profiler_find(image);
}
