/* SPDX-License-Identifier: MIT */
/* See library.h. */
#include "cuda/library.h"
#include "base/clock.h"
#include "base/text.h"
#include "cuda/library_ops.h"
#include "elf/soname.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct kind {
    char soname[16], create[24], set_stream[24], destroy[24], status_name[24];
    bool (*operate)(const struct operation *operation);
} kinds[LIBRARY_COUNT] = {
#define LIBRARY(soname, parts, create, set_stream, operate, destroy, status_name)                                      \
    {soname, create, set_stream, destroy, status_name, operate},
#include "cuda/libraries.def"
#undef LIBRARY
};

/* One after the other, each with its NUL: most have none. */
static const char kind_parts[] =
#define LIBRARY(soname, parts, create, set_stream, operate, destroy, status_name) parts "\0"
#include "cuda/libraries.def"
#undef LIBRARY
    ;

static const char *parts_of(unsigned library)
{
    const char *parts = kind_parts;
    while (library > 0)
        library -= !*parts++;
    return parts;
}

const char *library_name(unsigned library)
{
    return kinds[library].soname;
}

/* ---- which are there ------------------------------------------------------------------------------------------------
 */

/* Paths are copied, since to open a library changes the list. */
struct paths {
    unsigned except;
    char paths[LIBRARY_COUNT][PATH_MAX];
};

/*
 * Are all parts of a library that opens them itself beside it? cuDNN ends the process when it cannot (seen with 9; also
 * m-bain/whisperX#1297), and a program that has loaded it need never have called it.
 */
static bool parts_are_there(const char *path, const char *parts)
{
    const char *rest = strrchr(path, '/') ? strstr(strrchr(path, '/'), ".so") : NULL;
    for (; rest && *parts; parts += strcspn(parts, ",") + (parts[strcspn(parts, ",")] == ',')) {
        char part[PATH_MAX];
        struct text text = text_in(part, sizeof part);
        /* "/folder/libcudnn" "_" "graph" ".so.9", of a path that may end in ".so.9.1.0" */
        text_format(&text, "%.*s_%.*s%.*s", (int)(rest - path), path, (int)strcspn(parts, ","), parts,
                    (int)(rest[3] ? 4 + strspn(rest + 4, "0123456789") : 3), rest);
        if (text.truncated || access(part, R_OK) != 0)
            return false;
    }
    return rest;
}

static bool path_collect(const struct link_map *object, const char *path, bool may_go, void *argument)
{
    struct paths *paths = argument;
    const char *name = text_base_name(path);
    (void)object, (void)may_go;
    for (unsigned i = 0; i < LIBRARY_COUNT; i++)
        if (!(paths->except & 1u << i) && !paths->paths[i][0] && soname_matches(name, kinds[i].soname))
            snprintf(paths->paths[i], sizeof paths->paths[i], "%s", path);
    return true;
}

void libraries_open(struct libraries *libraries, const struct libc *libc, const struct loaded *loaded, unsigned except)
{
    struct paths paths = {.except = except};
    memset(libraries, 0, sizeof *libraries);
    if (!libc->open || !libc->close)
        return;
    loaded_walk(loaded, path_collect, &paths);
    for (unsigned i = 0; i < LIBRARY_COUNT; i++) {
        if (!paths.paths[i][0] || !parts_are_there(paths.paths[i], parts_of(i)))
            continue;
        libraries->held[i] = libc->open(paths.paths[i], RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
        if (!libraries->held[i])
            libc->error();
    }
}

bool libraries_any(const struct libraries *libraries)
{
    bool any = false;
    for (unsigned i = 0; i < LIBRARY_COUNT; i++)
        any |= libraries->held[i] != NULL;
    return any;
}

unsigned libraries_close(struct libraries *libraries, const struct libc *libc)
{
    unsigned which = 0;
    for (unsigned i = 0; i < LIBRARY_COUNT; i++) {
        if (!libraries->held[i])
            continue;
        which |= 1u << i;
        libc->close(libraries->held[i]);
        libraries->held[i] = NULL;
    }
    return which;
}

/* ---- the stage ------------------------------------------------------------------------------------------------------
 */

static int status_of(library_op_function function, void *argument)
{
    return function ? ((int (*)(void *))function)(argument) : CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND;
}

static bool stream_set(const struct operation *operation, const struct kind *kind)
{
    if (!kind->set_stream[0])
        return true;
    library_op_function set = library_op_find(operation, kind->set_stream);
    int status = set ? ((int (*)(void *, CUstream))set)(operation->handle, operation->stream)
                     : CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND;
    return stage_succeeded(operation->outcome, kind->set_stream, status);
}

/* The library's own name for a status; NULL: it was the driver's, or one of ours. */
static const char *status_name(const struct operation *operation, const struct kind *kind, int status)
{
    library_op_function name = library_op_find(operation, kind->status_name);
    if (!name || status == CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND)
        return NULL;
    return ((const char *(*)(int))name)(status);
}

/* Without the function that names errors it is older than what is known here, and none of it is called. */
static bool library_run(struct operation *operation, const struct kind *kind)
{
    struct stage_outcome *outcome = operation->outcome;
    if (!library_op_find(operation, kind->status_name))
        return stage_succeeded(outcome, kind->status_name, CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND);
    if (!stage_succeeded(outcome, kind->create,
                         status_of(library_op_find(operation, kind->create), &operation->handle)))
        return false;
    bool ran = stream_set(operation, kind) && kind->operate(operation);
    int status = status_of(library_op_find(operation, kind->destroy), operation->handle);
    return stage_succeeded(outcome, kind->destroy, status) && ran;
}

static void library_warm(const struct driver *driver, struct operation *operation, const struct kind *kind)
{
    struct stage_outcome *outcome = operation->outcome;
    long long start = clock_ns();
    bool ran = library_run(operation, kind);
    if (!ran)
        outcome->error_name = status_name(operation, kind, outcome->error);
    /* Also after a failure: the scratch memory must not be freed under a kernel. */
    ran = DRIVER_TRY(outcome, driver, cuStreamSynchronize, operation->stream) && ran;
    if (!ran && !outcome->error_name)
        outcome->error_name = driver_error_name(driver, outcome->error);
    outcome->result = ran ? STAGE_OK : STAGE_FAILED;
    outcome->ns += clock_ns() - start;
}

static bool libraries_warm(const struct driver *driver, const struct libraries *libraries, struct operation *operation,
                           struct stage_outcome outcomes[LIBRARY_COUNT], struct stage_outcome *outcome)
{
    bool warm = true;
    if (!DRIVER_TRY(outcome, driver, cuMemsetD8Async, operation->scratch, 0, OPERATION_BYTES, operation->stream))
        return false;
    for (unsigned i = 0; i < LIBRARY_COUNT; i++) {
        if (!libraries->held[i])
            continue;
        operation->object = libraries->held[i];
        operation->handle = NULL;
        operation->outcome = &outcomes[i];
        library_warm(driver, operation, &kinds[i]);
        if (outcomes[i].result == STAGE_OK)
            continue;
        stage_succeeded(outcome, outcomes[i].call, outcomes[i].error);
        outcome->error_name = outcome->error_name ? outcome->error_name : outcomes[i].error_name;
        warm = false;
    }
    return warm;
}

void stage_libraries(const struct driver *driver, const struct libraries *libraries,
                     struct stage_outcome outcomes[LIBRARY_COUNT], struct stage_outcome *outcome)
{
    struct operation operation = {.stream = NULL};
    bool warm = !libraries_any(libraries);
    if (!warm && DRIVER_TRY(outcome, driver, cuStreamCreate, &operation.stream, CU_STREAM_NON_BLOCKING)) {
        if (DRIVER_TRY(outcome, driver, cuMemAlloc_v2, &operation.scratch, OPERATION_BYTES)) {
            warm = libraries_warm(driver, libraries, &operation, outcomes, outcome);
            warm = DRIVER_TRY(outcome, driver, cuMemFree_v2, operation.scratch) && warm;
        }
        warm = DRIVER_TRY(outcome, driver, cuStreamDestroy_v2, operation.stream) && warm;
    }
    outcome->result = warm ? STAGE_OK : STAGE_FAILED;
}
