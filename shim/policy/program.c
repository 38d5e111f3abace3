/* SPDX-License-Identifier: MIT */
/*
 * See program.h. Every preloaded process comes through here, so the list is bytes without pointers (none to relocate
 * at load), and no function is called by name unless GPUWARM_SKIP is set.
 */
#include "policy/program.h"
#include "base/text.h"
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Letters without a NUL behind them, of which newer compilers complain in an array of them that looks like a string. */
#if __has_attribute(nonstring)
#define NOT_A_STRING __attribute__((nonstring))
#else
#define NOT_A_STRING
#endif

enum kind {
#define SKIP_KIND(kind, level, text) KIND_##kind,
#define SKIP(kind, glob)
#define SKIP_SCRIPT(kind, glob)
#include "policy/skip.def"
#undef SKIP_KIND
#undef SKIP
#undef SKIP_SCRIPT
};

/* One after the other, each with its NUL. */
static const char kind_texts[] =
#define SKIP_KIND(kind, level, text) text "\0"
#define SKIP(kind, glob)
#define SKIP_SCRIPT(kind, glob)
#include "policy/skip.def"
#undef SKIP_KIND
#undef SKIP
#undef SKIP_SCRIPT
    ;

static const unsigned char kind_levels[] = {
#define SKIP_KIND(kind, level, text) LOG_##level,
#define SKIP(kind, glob)
#define SKIP_SCRIPT(kind, glob)
#include "policy/skip.def"
#undef SKIP_KIND
#undef SKIP
#undef SKIP_SCRIPT
};

/* The entries lie one after the other, each in as many bytes as it needs: this, then the `size` letters of a glob. */
struct entry {
    unsigned char size;
    unsigned char kind : 7, script : 1;
};

#define MEMBER(name, line) name##line
#define MEMBERS(line, string)                                                                                          \
    struct entry MEMBER(entry, line);                                                                                  \
    char MEMBER(text, line)[sizeof(string) - 1] NOT_A_STRING;
static const struct list {
#define SKIP_KIND(kind, level, text)
#define SKIP(kind, glob)        MEMBERS(__LINE__, glob)
#define SKIP_SCRIPT(kind, glob) MEMBERS(__LINE__, glob)
#include "policy/skip.def"
#undef SKIP
#undef SKIP_SCRIPT
} list = {
#define SKIP(kind, glob)        {sizeof(glob) - 1, KIND_##kind, 0}, glob,
#define SKIP_SCRIPT(kind, glob) {sizeof(glob) - 1, KIND_##kind, 1}, glob,
#include "policy/skip.def"
};

static const char *entry_glob(const struct entry *entry)
{
    return (const char *)(entry + 1);
}

/*
 * What comes after `with` in a text that begins so; NULL where it does not. Without strncmp and its like: a call by
 * name would be the dearest thing that most processes do here.
 */
static const char *after(const char *text, const char *with)
{
    while (*with && *text == *with)
        text++, with++;
    return *with ? NULL : text;
}

static bool begins(const char *text, const char *with)
{
    return after(text, with) != NULL;
}

/* "python", "python3", "python3.11", "pypy3": the interpreters whose launchers are scripts or modules. */
static bool is_python(const char *name)
{
    return begins(name, "python") || begins(name, "pypy");
}

/* "perl", "perl5.36.0" */
static bool is_perl(const char *name)
{
    const char *version = after(name, "perl");
    return version && (!*version || *version == '5');
}

/*
 * The role of a Python interpreter that runs `command` (after -c). The texts are those of CPython 3.4 to 3.14, and of
 * the copies of its multiprocessing that are installed from PyPI; only a worker has a last argument of its own.
 */
static enum program_role role_find(const char *command, const char *last)
{
    static const char packages[][32] = {"multiprocessing.", "multiprocess.", "billiard.", "loky.backend.",
                                        "joblib.externals.loky.backend."};
    static const struct {
        char text[36];
        char role;
    } roles[] = {
        {"spawn import spawn_main;", ROLE_SPAWNED},
        {"forkserver import main;", ROLE_FORK_SERVER},
        {"resource_tracker import main;", ROLE_TRACKER},
        {"semaphore_tracker import main;", ROLE_TRACKER},
    };
    /* The fork server's begins so in CPython 3.14.8. */
    const char *first = after(command, "import sys; "), *module = after(first ? first : command, "from "), *rest = NULL;
    for (size_t i = 0; module && !rest && i < COUNT(packages); i++)
        rest = after(module, packages[i]);
    size_t i = 0;
    while (rest && i < COUNT(roles) && !after(rest, roles[i].text))
        i++;
    if (!rest || i == COUNT(roles))
        return ROLE_NONE;
    const char *end = after(last, "--multiprocessing-fork");
    return roles[i].role != ROLE_SPAWNED || (end && !*end) ? (enum program_role)roles[i].role : ROLE_NONE;
}

/* What comes behind a letter of Perl's options is its value, in the same argument (perlrun(1)). */
static bool takes_rest_in_perl(char letter)
{
    for (const char *of = "CDFMVdimx"; *of; of++)
        if (*of == letter)
            return true;
    return false;
}

/*
 * Skips the options of Python (python(1)): -c ends them, -m names a module, -W, -X and --check-hash-based-pycs take a
 * value; and of Perl: -e and -E end them, -I takes a value.
 */
static const char *script_find(int argc, char *const *argv, bool perl, enum program_role *role)
{
    for (int i = 1; i < argc && argv[i]; i++) {
        const char *argument = argv[i];
        if (argument[0] == '-' && !argument[1])
            return NULL; /* the script comes on standard input */
        if (argument[0] != '-')
            return text_base_name(argument);
        if (argument[1] == '-') {
            i += begins(argument, "--check-hash-based-pycs") && !argument[sizeof "--check-hash-based-pycs" - 1];
            continue;
        }
        for (const char *letter = argument + 1; *letter; letter++) {
            const char *value = letter[1] ? letter + 1 : i + 1 < argc ? argv[i + 1] : NULL;
            if (perl ? *letter == 'e' || *letter == 'E' : *letter == 'c') {
                if (value && !perl)
                    *role = role_find(value, argv[argc - 1]);
                return NULL;
            }
            if (*letter == 'm' && !perl)
                return value;
            if (perl ? *letter == 'I' : *letter == 'W' || *letter == 'X') {
                i += letter[1] == '\0';
                break;
            }
            if (perl && takes_rest_in_perl(*letter))
                break;
        }
    }
    return NULL;
}

struct program program_from(int argc, char *const *argv)
{
    struct program program = {.name = argc > 0 && argv[0] ? text_base_name(argv[0]) : "", .argv = argv};
    program.name += program.name[0] == '-';
    const bool perl = is_perl(program.name);
    if (perl || is_python(program.name))
        program.script = script_find(argc, argv, perl, &program.role);
    return program;
}

bool program_asks_only(int argc, char *const *argv)
{
    static const char questions[][12] = {"--version", "--help", "-h", "-V"};
    const char *rest = NULL;
    for (size_t i = 0; argc == 2 && argv[1] && !(rest && !*rest) && i < COUNT(questions); i++)
        rest = after(argv[1], questions[i]);
    return rest && !*rest;
}

/* A glob of the list: as it stands, or with any rest after a "*" at its end. */
static bool entry_matches(const struct entry *entry, const char *name)
{
    const char *glob = entry_glob(entry), *const end = glob + entry->size;
    while (glob < end && *glob == *name)
        glob++, name++;
    return glob < end ? *glob == '*' : !*name;
}

/* The first entry that matches; NULL when none does. Most fall at their first letter. */
static const struct entry *list_find(const char *name, bool scripts)
{
    const char first = *name;
    for (const char *at = (const char *)&list, *end = at + sizeof list; at < end;) {
        const struct entry *entry = (const struct entry *)at;
        const char *glob = entry_glob(entry);
        if (glob[0] == first && entry->script >= scripts && entry_matches(entry, name))
            return entry;
        at = glob + entry->size;
    }
    return NULL;
}

static bool extra_matches(const struct program *program, const char *extra, struct skip *skip)
{
    while (*extra) {
        extra += strspn(extra, " ");
        size_t length = strcspn(extra, ","), kept = length;
        char glob[256];
        while (kept > 0 && extra[kept - 1] == ' ')
            kept--;
        if (kept > 0 && kept < sizeof glob) {
            snprintf(glob, sizeof glob, "%.*s", (int)kept, extra);
            if (fnmatch(glob, program->name, 0) == 0 || (program->script && fnmatch(glob, program->script, 0) == 0)) {
                *skip = (struct skip){extra, kept, "GPUWARM_SKIP", LOG_INFO};
                return true;
            }
        }
        extra += length + (extra[length] == ',');
    }
    return false;
}

static const char *kind_text(unsigned kind)
{
    const char *text = kind_texts;
    while (kind > 0)
        kind -= !*text++;
    return text;
}

static bool has_argument(const struct program *program, const char *argument)
{
    for (char *const *argv = program->argv; argv && *argv; argv++) {
        const char *end = after(*argv, argument);
        if (end && !*end)
            return true;
    }
    return false;
}

bool program_skip(const struct program *program, const char *extra, struct skip *skip)
{
    if (extra && strcmp(extra, "none") == 0)
        return false;
    const struct entry *entry = list_find(program->name, false);
    if (!entry && program->script)
        entry = list_find(program->script, true);
    if (entry && entry->kind == KIND_NANNY && has_argument(program, "--no-nanny"))
        entry = NULL;
    if (entry)
        *skip = (struct skip){entry_glob(entry), entry->size, kind_text(entry->kind), kind_levels[entry->kind]};
    return entry || (extra && extra_matches(program, extra, skip));
}

void program_skip_describe(const struct skip *skip, char *why, size_t size)
{
    snprintf(why, size, "%.*s (%s)", (int)skip->length, skip->glob, skip->kind);
}
