/* SPDX-License-Identifier: MIT */
/* The stages of a warm-up by name (stages.def), and sets of them. Knows no CUDA. */
#ifndef GPUWARM_STAGES_H
#define GPUWARM_STAGES_H

#include <stdbool.h>

#define STAGE_BIT(name) (1u << STAGE_##name)

enum stage {
#define STAGE(name, needs, standard) STAGE_##name,
#include "policy/stages.def"
#undef STAGE
    STAGE_COUNT
};

enum {
    STAGES_ALL = (1 << STAGE_COUNT) - 1,
#define STAGE(name, needs, standard) | ((standard) ? STAGE_BIT(name) : 0)
    STAGES_STANDARD = 0
#include "policy/stages.def"
#undef STAGE
};

#endif
