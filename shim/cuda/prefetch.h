/* SPDX-License-Identifier: MIT */
/*
 * The stage `prefetch`: asks the kernel to read files that the driver and the CUDA libraries will need into the page
 * cache, in the background. No CUDA call is made and nothing is loaded, so it is safe before main in any process, also
 * in one that is warmed only when it serves, or never.
 */
#ifndef GPUWARM_PREFETCH_H
#define GPUWARM_PREFETCH_H

#include "cuda/stage.h"
#include "elf/loaded.h"

/*
 * Asks for the CUDA libraries that are loaded (sonames.def) and, with `driver`, first for the driver's files, as
 * the dynamic loader would find them: in `library_path` (LD_LIBRARY_PATH, or NULL), then in its cache. What of them is
 * not in the page cache, whole files in that order, until half of the memory that is available would be used; a file
 * that does not fit is left out. Adds to the outcome's time and bytes. It cannot fail.
 */
void stage_prefetch(bool driver, const char *library_path, const struct loaded *loaded, struct stage_outcome *outcome);

/* "name: 123 kB" in `text` (proc_meminfo(5)) in bytes, 0 when it is not there. Pure. */
unsigned long long prefetch_meminfo(const char *text, const char *name);

/*
 * How many bytes may be read, of the texts of /proc/meminfo and of the control group's memory.max and memory.current
 * (cgroups(7), version 2; "max" or "": no limit): half of what is available, so that nothing is pushed out that others
 * use. Pure.
 */
unsigned long long prefetch_budget(const char *meminfo, const char *most, const char *used);

#endif
