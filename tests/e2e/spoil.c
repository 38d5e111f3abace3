/* SPDX-License-Identifier: MIT */
/* See spoil.h. */
#include "spoil.h"
#include "run.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The name's hash leads to another name then. */
static void name_spoil(char *bytes, size_t size, const char *function)
{
    const char *whole = run_env("%c%s", 1, function) + 1;
    char *name = memmem(bytes, size, whole, strlen(whole) + 1);
    while (name && name[-1] != '\0')
        name = memmem(name + 1, size - (size_t)(name + 1 - bytes), whole, strlen(whole) + 1);
    cr_assert_not_null(name, "%s", function);
    name[0] = 'X';
}

void spoil_copy(const char *library, const char *folder, const char *const *lacking)
{
    static char bytes[2 << 20];
    FILE *file = fopen(run_build(library), "r");
    cr_assert_not_null(file, "%s", library);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (; *lacking; lacking++)
        name_spoil(bytes, size, *lacking);
    mkdir(folder, 0700);
    file = fopen(run_env("%s%s", folder, strrchr(library, '/')), "w");
    cr_assert(file && fwrite(bytes, 1, size, file) == size);
    fclose(file);
}
