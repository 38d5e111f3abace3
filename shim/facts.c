/* SPDX-License-Identifier: MIT */
/*
 * See facts.h. In the order of what a fact costs: arguments (every process), the link map and 64 KiB of the
 * executable's data (every process that is not skipped), the whole executable (one that would else be warmed).
 */
#include "facts.h"
#include "environment.h"
#include "runpath.h"
#include <stddef.h>

/* An object is looked through for a string only this far: 64 MiB take some 50 ms (make bench). */
static const size_t SEARCH_BYTES_MAX = (size_t)64 << 20;

static const char *injection_find(char *const *environment)
{
    static const char *const variables[] = {
#define INJECTION(variable) #variable,
#include "injections.def"
#undef INJECTION
    };
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        if (environment_get(environment, variables[i]))
            return variables[i];
    return NULL;
}

/* The first of `imports` that any of the objects has. */
static const char *import_find(const struct links *links, const char *const *imports, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t object = 0; object < links->count; object++)
            if (object_imports(links->objects[object], imports[i]))
                return imports[i];
    return NULL;
}

static const char *fork_find(const struct links *links)
{
    /* vfork, posix_spawn, system and popen are not here: what they start calls exec. */
    static const char *const imports[] = {"fork", "_Fork", "daemon", "forkpty", "clone"};
    return import_find(links, imports, sizeof imports / sizeof *imports);
}

/* Of a program that starts others, in a way that fork_find leaves out. */
static const char *start_find(const struct links *links)
{
    static const char *const imports[] = {"vfork", "posix_spawn", "posix_spawnp", "system", "popen"};
    return import_find(links, imports, sizeof imports / sizeof *imports);
}

static const char *close_find(const struct links *links)
{
    static const char *const imports[] = {"closefrom", "close_range"};
    return import_find(links, imports, sizeof imports / sizeof *imports);
}

/* unshare(CLONE_NEWUSER), and setns to a user or mount namespace, fail where there is more than one thread. */
static const char *alone_find(const struct links *links)
{
    static const char *const imports[] = {"unshare", "setns"};
    return import_find(links, imports, sizeof imports / sizeof *imports);
}

/*
 * The name under which the flags of a primary context were set before CUDA 11: documented to fail, and to leave the
 * program without its flags, once the context is active.
 */
static const char *flags_find(const struct links *links)
{
    static const char *const imports[] = {"cuDevicePrimaryCtxSetFlags"};
    return import_find(links, imports, sizeof imports / sizeof *imports);
}

/*
 * The driver reads these once, at cuInit, and a program that sets one before its first CUDA call would be given other
 * GPUs, or others under the same numbers, than it asked for.
 */
static const char *choice_find(const struct links *links, bool *too_large)
{
    static const char *const variables[] = {"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"};
    *too_large = links->too_many;
    for (size_t object = 0; object < links->count; object++) {
        struct span spans[OBJECT_SPANS_MAX];
        size_t count = object_spans(links->objects[object], spans);
        for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
            int found = fatbin_text_outside(variables[i], spans, count, SEARCH_BYTES_MAX);
            if (found > 0)
                return variables[i];
            *too_large |= found < 0;
        }
    }
    return NULL;
}

void facts_gather(const struct start *start, const struct image *image, char *const *environment,
                  const struct config *config, struct process *process)
{
    struct facts *facts = &process->facts;
    struct links links;
    *facts = (struct facts){.secure = start->secure, .unreadable = !image};
    process->rank = (struct rank){-1, NULL};
    process->program = program_from(start->argc, start->argv);
    struct skip skip;
    if (program_skip(&process->program, config->skip, &skip)) {
        program_skip_describe(&skip, process->skipped, sizeof process->skipped);
        facts->skipped = process->skipped;
    }
    if (facts->secure || facts->skipped || config->trigger == SETTING_OFF || config->devices.mode == DEVICE_NONE)
        return;
    if (!image)
        return;
    facts->opened_late = !image_preloaded(image, _DYNAMIC);
    image_links(image, &links);
    facts->cuda_library = links.library;
    facts->fat_binary = !facts->cuda_library && image_has_fat_binary(image);
    process->rank = rank_find(environment);
    if (config->trigger == SETTING_AUTO && !policy_is_cuda_executable(facts))
        return;
    if (runpath_has_driver(image, process->driver, sizeof process->driver))
        facts->own_driver = process->driver;
    if (config->marker) {
        struct marker self = marker_self(process->rank.local);
        facts->ancestor = marker_relate(config->marker, &self);
    }
    if (!policy_is_cuda_executable(facts))
        return;
    image_add_needed(image, &links);
    facts->forks_with = fork_find(&links);
    facts->leads_others = facts->forks_with || start_find(&links);
    if (config->trigger != SETTING_AUTO)
        return;
    facts->closes_with = close_find(&links);
    facts->alone_with = alone_find(&links);
    facts->sets_flags = flags_find(&links);
    /* Tens of milliseconds for a large executable: only while nothing known yet speaks against warming it. */
    if (policy_decide(config, facts).trigger == TRIGGER_LOAD)
        facts->chooses_with = choice_find(&links, &facts->too_large);
    facts->injection = injection_find(environment);
}
