/* SPDX-License-Identifier: MIT */
/*
 * See program.h. Every preloaded process comes through here, so the list is an array without pointers (none to
 * relocate at load) and fnmatch is asked only where the first letters agree.
 */
#include "program.h"
#include "text.h"
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum kind {
#define SKIP_KIND(kind, text) KIND_##kind,
#define SKIP(kind, glob)
#define SKIP_SCRIPT(kind, glob)
#include "skip.def"
#undef SKIP_KIND
#undef SKIP
#undef SKIP_SCRIPT
};

static const char kind_texts[][32] = {
#define SKIP_KIND(kind, text) text,
#define SKIP(kind, glob)
#define SKIP_SCRIPT(kind, glob)
#include "skip.def"
#undef SKIP_KIND
#undef SKIP
#undef SKIP_SCRIPT
};

static const struct {
    char glob[30];
    unsigned char kind;
    bool script;
} list[] = {
#define SKIP_KIND(kind, text)
#define SKIP(kind, glob)        {glob, KIND_##kind, false},
#define SKIP_SCRIPT(kind, glob) {glob, KIND_##kind, true},
#include "skip.def"
};

/* "python", "python3", "python3.11", "pypy3": the interpreters whose launchers are scripts or modules. */
static bool is_python(const char *name)
{
    return strncmp(name, "python", 6) == 0 || strncmp(name, "pypy", 4) == 0;
}

/* Skips Python's options (python(1)): -c ends them, -m names a module, -W, -X and --check-hash-based-pycs take one. */
static const char *python_script(int argc, char *const *argv)
{
    for (int i = 1; i < argc && argv[i]; i++) {
        const char *argument = argv[i];
        if (strcmp(argument, "-") == 0)
            return NULL; /* the script comes on standard input */
        if (argument[0] != '-')
            return text_base_name(argument);
        if (strcmp(argument, "--check-hash-based-pycs") == 0) {
            i++;
            continue;
        }
        if (argument[1] == '-')
            continue;
        for (const char *letter = argument + 1; *letter; letter++) {
            if (*letter == 'c')
                return NULL;
            if (*letter == 'm')
                return letter[1] ? letter + 1 : i + 1 < argc ? argv[i + 1] : NULL;
            if (*letter == 'W' || *letter == 'X') {
                i += letter[1] == '\0';
                break;
            }
        }
    }
    return NULL;
}

struct program program_from(int argc, char *const *argv)
{
    struct program program = {.name = argc > 0 && argv[0] ? text_base_name(argv[0]) : ""};
    program.name += program.name[0] == '-';
    if (is_python(program.name))
        program.script = python_script(argc, argv);
    return program;
}

static bool glob_matches(const char *glob, const char *name)
{
    if (glob[0] != name[0] && glob[0] != '*' && glob[0] != '?' && glob[0] != '[' && glob[0] != '\\')
        return false;
    return strcmp(glob, name) == 0 || fnmatch(glob, name, 0) == 0;
}

static bool extra_matches(const struct program *program, const char *extra, char *why, size_t size)
{
    while (*extra) {
        extra += strspn(extra, " ");
        size_t length = strcspn(extra, ","), kept = length;
        char glob[256];
        while (kept > 0 && extra[kept - 1] == ' ')
            kept--;
        if (kept > 0 && kept < sizeof glob) {
            memcpy(glob, extra, kept);
            glob[kept] = '\0';
            if (glob_matches(glob, program->name) || (program->script && glob_matches(glob, program->script))) {
                snprintf(why, size, "%s (GPUWARM_SKIP)", glob);
                return true;
            }
        }
        extra += length + (extra[length] == ',');
    }
    return false;
}

bool program_skipped(const struct program *program, const char *extra, char *why, size_t size)
{
    bool none = extra && strcmp(extra, "none") == 0;
    for (size_t i = 0; !none && i < sizeof list / sizeof *list; i++)
        if (glob_matches(list[i].glob, program->name) ||
            (list[i].script && program->script && glob_matches(list[i].glob, program->script))) {
            snprintf(why, size, "%s (%s)", list[i].glob, kind_texts[list[i].kind]);
            return true;
        }
    return extra && !none && extra_matches(program, extra, why, size);
}
