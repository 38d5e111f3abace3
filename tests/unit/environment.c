/* SPDX-License-Identifier: MIT */
/* Reading a list of variables, and setting one in this process's without disturbing who reads the old list. */
#include "base/environment.h"
#include <criterion/criterion.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

Test(environment, get)
{
    char *const environment[] = {"RANKS=1", "RAN=2",   "RANK",      "RANK=3", "RANK=4",
                                 "EMPTY=",  "EMPTY=5", "EQUAL=a=b", NULL};
    cr_assert_str_eq(environment_get(environment, "RANK"), "3");
    cr_assert_str_eq(environment_get(environment, "RAN"), "2");
    cr_assert_str_eq(environment_get(environment, "EQUAL"), "a=b");
    cr_assert_null(environment_get(environment, "EMPTY"), "empty is unset");
    cr_assert_null(environment_get(environment, "RANKED"));
    cr_assert_null(environment_get(environment, "rank"));
    cr_assert_null(environment_get(NULL, "RANK"));
}

/* As they were when its program started. */
Test(environment, of_the_parent)
{
    cr_assert_not_null(getenv("PATH"));
    pid_t child = fork();
    if (child == 0)
        _exit(environment_of_parent("PATH") && !environment_of_parent("PAT") && !environment_of_parent("PATHS"));
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 1 << 8);
}

/* The page size in the auxiliary vector behind a list, as programs look for it that trust main's third argument. */
static unsigned long page_size_behind(char **list)
{
    while (*list)
        list++;
    for (const ElfW(auxv_t) *entry = (const ElfW(auxv_t) *)(list + 1); entry->a_type != AT_NULL; entry++)
        if (entry->a_type == AT_PAGESZ)
            return entry->a_un.a_val;
    return 0;
}

Test(environment, set)
{
    setenv("GPUWARM_TEST_OTHER", "other", 1);
    char **before = environ;
    environment_set(&environ, "GPUWARM_TEST", "one");
    cr_assert_str_eq(getenv("GPUWARM_TEST"), "one");
    cr_assert_str_eq(getenv("GPUWARM_TEST_OTHER"), "other");
    cr_assert_neq(environ, before);
    cr_assert_null(environment_get(before, "GPUWARM_TEST"), "the old list is as it was");
    environment_set(&environ, "GPUWARM_TEST", "two");
    cr_assert_str_eq(getenv("GPUWARM_TEST"), "two");
    int count = 0;
    for (char **entry = environ; *entry; entry++)
        count += strncmp(*entry, "GPUWARM_TEST=", 13) == 0;
    cr_assert_eq(count, 1);
    cr_assert_eq(page_size_behind(environ), getauxval(AT_PAGESZ));
}

Test(environment, can_be_changed_by_the_program_afterwards)
{
    environment_set(&environ, "GPUWARM_TEST", "ours");
    cr_assert_eq(setenv("GPUWARM_TEST", "theirs", 1), 0);
    cr_assert_eq(setenv("GPUWARM_TEST_NEW", "new", 1), 0);
    cr_assert_str_eq(getenv("GPUWARM_TEST"), "theirs");
    cr_assert_eq(unsetenv("GPUWARM_TEST"), 0);
    cr_assert_null(getenv("GPUWARM_TEST"));
    cr_assert_str_eq(getenv("GPUWARM_TEST_NEW"), "new");
}

Test(environment, set_in_an_empty_one)
{
    clearenv();
    environment_set(&environ, "GPUWARM_TEST", "alone");
    cr_assert_str_eq(environ[0], "GPUWARM_TEST=alone");
    cr_assert_null(environ[1]);
}

Test(environment, is_read_also_where_it_may_be_gone)
{
    char value[8] = "";
    char *environment[] = {"RAN=2", "RANK=3", "EMPTY=", "LONG=0123456789", NULL};
    cr_assert(environment_copy(environment, "RANK", value, sizeof value));
    cr_assert_str_eq(value, "3");
    cr_assert(environment_copy(environment, "EMPTY", value, sizeof value));
    cr_assert_str_empty(value);
    cr_assert(environment_copy(environment, "LONG", value, sizeof value));
    cr_assert_str_eq(value, "0123456");
    cr_assert_not(environment_copy(environment, "RANKED", value, sizeof value));
    long page = sysconf(_SC_PAGESIZE);
    char *gone = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(gone, (size_t)page);
    cr_assert_not(environment_copy((char **)(void *)gone, "RANK", value, sizeof value), "the list");
    environment[1] = gone;
    cr_assert(environment_copy(environment, "LONG", value, sizeof value), "an entry that is gone is passed over");
}
