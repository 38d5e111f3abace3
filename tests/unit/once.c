/* SPDX-License-Identifier: MIT */
/* What was said by an ancestor is not said again: the hashes are FNV-1a, with its published test vectors. */
#include "report/once.h"
#include <criterion/criterion.h>

Test(once, nothing_was_said)
{
    cr_assert_not(once_was_said(NULL, "foobar"));
    cr_assert_not(once_was_said("", "foobar"));
    cr_assert_not(once_was_said("00000000", "foobar"));
}

Test(once, was_said)
{
    cr_assert(once_was_said("bf9cf968", "foobar"));
    cr_assert(once_was_said("e40c292c", "a"));
    cr_assert(once_was_said("811c9dc5", ""));
}

Test(once, something_else_was_said)
{
    cr_assert_not(once_was_said("bf9cf968", "foobaz"));
    cr_assert_not(once_was_said("e40c292c,811c9dc5", "foobar"));
    cr_assert_not(once_was_said("bf9cf96", "foobar"), "half a hash");
    cr_assert_not(once_was_said("xbf9c,f968", "foobar"), "a hash with a comma in it");
}

Test(once, among_several)
{
    static const char *const said[] = {"bf9cf968,e40c292c,811c9dc5", "e40c292c,bf9cf968,811c9dc5",
                                       "e40c292c,811c9dc5,bf9cf968"};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        cr_assert(once_was_said(said[i], "foobar"), "%s", said[i]);
}
