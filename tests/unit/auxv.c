/* SPDX-License-Identifier: MIT */
/* The initial stack of a process, laid as the kernel lays it, and what else may stand where a constructor looks. */
#include "base/auxv.h"
#include <criterion/criterion.h>
#include <stdint.h>

enum { SECURE_AT = 9, WORDS = 20 };

/* argc, two arguments, two variables, and an auxiliary vector with AT_PAGESZ and AT_SECURE. */
struct stack {
    uintptr_t words[WORDS];
};

static char text[] = "text";

static struct stack stack_laid(uintptr_t secure)
{
    const uintptr_t string = (uintptr_t)text;
    return (struct stack){
        {2, string, string, 0, string, string, 0, AT_PAGESZ, 4096, AT_SECURE, secure, AT_NULL, 0, 77, 77}};
}

static char **at(struct stack *stack, size_t word)
{
    return (char **)(void *)&stack->words[word];
}

static bool reads(struct stack *stack, struct start *start)
{
    return auxv_find((int)stack->words[0], at(stack, 1), at(stack, 4), start);
}

Test(auxv, as_the_kernel_lays_it)
{
    struct start start;
    struct stack stack = stack_laid(0);
    cr_assert(reads(&stack, &start));
    cr_assert_eq(start.argc, 2);
    cr_assert_eq(start.argv, at(&stack, 1));
    cr_assert_eq(start.environment, at(&stack, 4));
    cr_assert_not(start.secure);
    cr_assert_eq(auxv_value(&start, AT_PAGESZ), 4096);
    cr_assert_eq(auxv_value(&start, AT_PHDR), 0, "not there");
}

Test(auxv, privileged)
{
    struct start start;
    struct stack stack = stack_laid(1);
    cr_assert(reads(&stack, &start));
    cr_assert(start.secure);
}

/* unsetenv(3), and ld.so in a privileged program, move the rest of the list up by one. */
Test(auxv, after_a_variable_was_unset)
{
    struct start start;
    struct stack stack = stack_laid(1);
    stack.words[5] = 0;
    cr_assert(reads(&stack, &start));
    cr_assert(start.secure, "one");
    stack.words[4] = 0;
    cr_assert(reads(&stack, &start));
    cr_assert(start.secure, "all");
    cr_assert_eq(auxv_value(&start, AT_PAGESZ), 4096);
}

Test(auxv, that_does_not_say_whether_it_is_privileged)
{
    struct start start;
    struct stack stack = stack_laid(0);
    stack.words[SECURE_AT] = AT_UID;
    cr_assert_not(reads(&stack, &start));
}

Test(auxv, no_arguments)
{
    struct start start;
    struct stack stack = stack_laid(0);
    stack.words[2] = 0; /* argc */
    stack.words[3] = 0; /* argv[0] */
    cr_assert(auxv_find(0, at(&stack, 3), at(&stack, 4), &start));
    cr_assert_eq(start.argc, 0);
}

/* What is in the registers where a C library passes nothing: none of it may be followed. */
Test(auxv, what_is_not_passed)
{
    struct start start;
    struct stack stack = stack_laid(0);
    char **argv = at(&stack, 1), **environment = at(&stack, 4), *unmapped = (char *)(uintptr_t)0x1003;
    cr_assert_not(auxv_find(2, NULL, NULL, &start));
    cr_assert_not(auxv_find(2, argv, NULL, &start));
    cr_assert_not(auxv_find(2, argv, environment + 1, &start));
    cr_assert_not(auxv_find(1, argv, environment - 1, &start), "argc is another word than the stack's");
    cr_assert_not(auxv_find(-1, argv, argv, &start));
    cr_assert_not(auxv_find(0, (char **)(void *)unmapped, (char **)(void *)(unmapped + sizeof unmapped), &start));
    stack.words[3] = (uintptr_t)text;
    cr_assert_not(auxv_find(2, argv, environment, &start), "the arguments do not end");
}
