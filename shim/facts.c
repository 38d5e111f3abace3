/* SPDX-License-Identifier: MIT */
/*
 * See facts.h. In the order of what a fact costs: arguments (every process), the link map and 64 KiB of the
 * executable's data (every process that is not skipped), the whole executable (CUDA executables).
 */
#include "facts.h"
#include "image.h"
#include "runpath.h"
#include <stddef.h>
#include <sys/auxv.h>

/* The executable is looked through for a string only this far: 64 MiB take some 50 ms (make bench). */
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

/* vfork, posix_spawn, system and popen are not here: what they start calls exec. */
static const char *fork_import(const struct image *image)
{
    static const char *const imports[] = {"fork", "_Fork", "daemon", "forkpty"};
    for (size_t i = 0; i < sizeof imports / sizeof *imports; i++)
        if (image_imports(image, imports[i]))
            return imports[i];
    return NULL;
}

/*
 * The driver reads these once, at cuInit, and a program that sets one before its first CUDA call would be given other
 * GPUs, or others under the same numbers, than it asked for.
 */
static const char *choice_find(const struct image *image, bool *too_large)
{
    static const char *const variables[] = {"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables && !*too_large; i++) {
        int found = fatbin_text_outside(variables[i], image->spans, image->span_count, SEARCH_BYTES_MAX);
        if (found > 0)
            return variables[i];
        *too_large = found < 0;
    }
    return NULL;
}

void facts_gather(int argc, char *const *argv, char *const *environment, const struct config *config,
                  struct process *process)
{
    struct facts *facts = &process->facts;
    struct image image;
    *facts = (struct facts){.secure = getauxval(AT_SECURE) != 0};
    process->rank = (struct rank){-1, NULL};
    process->program = program_from(argc, argv);
    if (program_skipped(&process->program, config->skip, process->skipped, sizeof process->skipped))
        facts->skipped = process->skipped;
    if (facts->secure || facts->skipped || config->trigger == SETTING_OFF || config->devices.mode == DEVICE_NONE ||
        !image_find(&image))
        return;
    facts->opened_late = !image_preloaded(&image, _DYNAMIC);
    facts->cuda_library = image_cuda_library(&image);
    facts->fat_binary = !facts->cuda_library && image_has_fat_binary(&image);
    if (config->trigger == SETTING_AUTO && !policy_is_cuda_executable(facts))
        return;
    if (runpath_has_driver(&image, process->driver, sizeof process->driver))
        facts->own_driver = process->driver;
    process->rank = rank_find(environment);
    if (config->marker) {
        struct marker self = marker_self(process->rank.local);
        facts->ancestor = marker_relate(config->marker, &self);
    }
    if (config->trigger != SETTING_AUTO)
        return;
    facts->forks_with = fork_import(&image);
    facts->injection = injection_find(environment);
    facts->chooses_with = choice_find(&image, &facts->too_large);
}
