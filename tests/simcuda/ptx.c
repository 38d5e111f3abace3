/* SPDX-License-Identifier: MIT */
/*
 * What a module's PTX defines: its kernels and its variables, found by name in the text. No more is read of PTX than
 * that; it is not checked and not compiled.
 */
#include "simcuda.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r\n";

/* Does the PTX define an entry of exactly this name? */
bool simcuda_ptx_has_entry(const char *ptx, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = ptx; (at = strstr(at, ".entry")); at += 6) {
        const char *found = at + 6 + strspn(at + 6, blanks);
        if (strncmp(found, name, length) == 0 && strchr(" \t\r\n({", found[length]))
            return true;
    }
    return false;
}

/* The next word of a directive, moving *at past it: up to a blank or one of "[]={};," (each a word by itself). */
static size_t word_next(const char **at, const char **word)
{
    *word = *at + strspn(*at, blanks);
    size_t length = strcspn(*word, " \t\r\n[]={};,");
    if (length == 0 && **word)
        length = 1;
    *at = *word + length;
    return length;
}

static bool word_is(const char *word, size_t length, const char *expected)
{
    return length == strlen(expected) && strncmp(word, expected, length) == 0;
}

/* The bytes of ".u32", ".v2", ...: the factor by which the word makes a variable larger, 1 for all others. */
static size_t word_factor(const char *word, size_t length)
{
    unsigned number;
    char kind;
    char text[8];
    snprintf(text, sizeof text, "%.*s", (int)length, word);
    if (sscanf(text, ".%c%u", &kind, &number) != 2)
        return 1;
    return kind == 'v' ? number : strchr("bsuf", kind) ? number / 8 : 1;
}

/* Reads "... .type name[count][count]" after .global or .const: the size if it is of this name, else 0. */
static size_t variable_bytes(const char *at, const char *name)
{
    const char *word;
    size_t bytes = 1, length;
    while ((length = word_next(&at, &word)) && *word == '.') {
        bytes *= word_factor(word, length);
        if (word_is(word, length, ".align"))
            word_next(&at, &word);
    }
    if (!word_is(word, length, name))
        return 0;
    while (word_next(&at, &word) && *word == '[') {
        bytes *= strtoul(at, NULL, 10);
        at += strcspn(at, "]");
        at += *at == ']';
    }
    return bytes;
}

/* Is the directive at `at`, in `ptx`, only a declaration of what another object defines? */
static bool is_extern(const char *ptx, const char *at)
{
    while (at > ptx && strchr(blanks, at[-1]))
        at--;
    return at - ptx >= 7 && strncmp(at - 7, ".extern", 7) == 0;
}

size_t simcuda_ptx_variable_bytes(const char *ptx, const char *name)
{
    static const char *const spaces[] = {".global", ".const"};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        size_t length = strlen(spaces[i]);
        for (const char *at = ptx; (at = strstr(at, spaces[i])); at += length) {
            size_t bytes = strchr(blanks, at[length]) && !is_extern(ptx, at) ? variable_bytes(at + length, name) : 0;
            if (bytes)
                return bytes;
        }
    }
    return 0;
}
