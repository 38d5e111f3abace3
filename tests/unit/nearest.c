/* SPDX-License-Identifier: MIT */
/* The name that somebody probably meant: what counts as an edit, how many are near, and that nothing is far-fetched. */
#include "policy/nearest.h"
#include <criterion/criterion.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char names[] = "DEVICE\0TRIGGER\0STAGES\0LOG\0LOG_FILE\0";

static const char *near(const char *word)
{
    return nearest_name(word, strlen(word), names);
}

Test(nearest, one_edit_of_each_kind)
{
    static const struct {
        const char *word, *name;
    } rows[] = {
        {"DEVICE", "DEVICE"},     {"DEVICES", "DEVICE"},   {"DEVCE", "DEVICE"},   {"DEVISE", "DEVICE"},
        {"DEIVCE", "DEVICE"},     {"device", "DEVICE"},    {"xDevice", "DEVICE"}, {"TIRGGER", "TRIGGER"},
        {"STAGE", "STAGES"},      {"LOGFILE", "LOG_FILE"}, {"LGO", "LOG"},        {"LO", "LOG"},
        {"log-file", "LOG_FILE"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *found = near(rows[i].word);
        cr_assert_not_null(found, "%s is near nothing", rows[i].word);
        cr_assert_str_eq(found, rows[i].name, "%s is near %s", rows[i].word, found);
    }
}

/* At most one edit for three letters: two for six, three for nine. */
Test(nearest, number_of_edits)
{
    static const char six[] = "ABCDEF\0", three[] = "ABC\0", nine[] = "ABCDEFGHI\0";
    cr_assert_not_null(nearest_name("xxCDEF", 6, six));
    cr_assert_null(nearest_name("xxxDEF", 6, six));
    cr_assert_not_null(nearest_name("xBC", 3, three));
    cr_assert_null(nearest_name("xxC", 3, three));
    cr_assert_not_null(nearest_name("xxxDEFGHI", 9, nine));
    cr_assert_null(nearest_name("xxxxEFGHI", 9, nine));
    cr_assert_not_null(nearest_name("AxBCyDEFz", 9, six), "three letters too many");
    cr_assert_null(nearest_name("wxyzABCDEF", 9, three), "six letters too many");
    cr_assert_not_null(nearest_name("ABCDEFG", 7, nine), "two letters left out");
    cr_assert_null(nearest_name("ABCDEF", 6, nine), "three letters left out");
}

/* A swap is one edit, and two letters of a three-letter word would be two. */
Test(nearest, a_swap_is_one_edit)
{
    static const char one[] = "ABC\0";
    cr_assert_not_null(nearest_name("BAC", 3, one));
    cr_assert_not_null(nearest_name("ACB", 3, one));
    cr_assert_null(nearest_name("CBA", 3, one));
}

Test(nearest, the_nearest_of_several)
{
    static const char two[] = "ABCDXX\0ABCDEX\0", three[] = "ABCDXX\0ABCDEX\0ABCDEF\0";
    cr_assert_str_eq(nearest_name("ABCDEG", 6, two), "ABCDEX");
    cr_assert_str_eq(nearest_name("ABCDEF", 6, three), "ABCDEF");
    cr_assert_str_eq(nearest_name("ABCDEZ", 6, three), "ABCDEX", "of two equally near ones the first");
}

Test(nearest, far_words_are_near_nothing)
{
    static const char *const words[] = {"HIPPOPOTAMUS", "WORKERS", "X", "", "LOG_FILE_NAMES"};
    for (size_t i = 0; i < COUNT(words); i++)
        cr_assert_null(near(words[i]), "%s is near %s", words[i], near(words[i]));
    cr_assert_null(nearest_name("LOG", 3, ""), "of no names none is near");
}

/* The word is part of a longer text and ends where its length says. */
Test(nearest, the_length_ends_the_word)
{
    cr_assert_str_eq(nearest_name("LOGICAL", 3, names), "LOG");
    cr_assert_null(nearest_name("LOG", 0, names));
}

Test(nearest, long_words_and_names)
{
    char word[200];
    memset(word, 'D', sizeof word);
    static const char same[] = "DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD\0";
    static const char longer[] = "DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD\0";
    static const char two[] = "DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD\0LOG\0";
    cr_assert_null(nearest_name(word, sizeof word, names));
    cr_assert_null(nearest_name(word, 33, same));
    cr_assert_eq(nearest_name(word, 32, same), same);
    cr_assert_eq(nearest_name(word, 31, same), same);
    cr_assert_null(nearest_name(word, 32, longer));
    cr_assert_eq(nearest_name("LOG", 3, two), two + sizeof two - sizeof "LOG\0");
}
