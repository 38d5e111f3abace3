/* SPDX-License-Identifier: MIT */
/* The name that somebody probably meant: what counts as an edit, how many are near, and that nothing is far-fetched. */
#include "nearest.h"
#include <criterion/criterion.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const names[] = {"DEVICE", "TRIGGER", "STAGES", "LOG", "LOG_FILE"};

static const char *near(const char *word)
{
    return nearest_name(word, strlen(word), names, COUNT(names));
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
    static const char *const six[] = {"ABCDEF"}, *const three[] = {"ABC"}, *const nine[] = {"ABCDEFGHI"};
    cr_assert_not_null(nearest_name("xxCDEF", 6, six, 1));
    cr_assert_null(nearest_name("xxxDEF", 6, six, 1));
    cr_assert_not_null(nearest_name("xBC", 3, three, 1));
    cr_assert_null(nearest_name("xxC", 3, three, 1));
    cr_assert_not_null(nearest_name("xxxDEFGHI", 9, nine, 1));
    cr_assert_null(nearest_name("xxxxEFGHI", 9, nine, 1));
    cr_assert_not_null(nearest_name("AxBCyDEFz", 9, six, 1), "three letters too many");
    cr_assert_null(nearest_name("wxyzABCDEF", 9, three, 1), "six letters too many");
    cr_assert_not_null(nearest_name("ABCDEFG", 7, nine, 1), "two letters left out");
    cr_assert_null(nearest_name("ABCDEF", 6, nine, 1), "three letters left out");
}

/* A swap is one edit, and two letters of a three-letter word would be two. */
Test(nearest, a_swap_is_one_edit)
{
    static const char *const one[] = {"ABC"};
    cr_assert_not_null(nearest_name("BAC", 3, one, 1));
    cr_assert_not_null(nearest_name("ACB", 3, one, 1));
    cr_assert_null(nearest_name("CBA", 3, one, 1));
}

Test(nearest, the_nearest_of_several)
{
    static const char *const several[] = {"ABCDXX", "ABCDEX", "ABCDEF"};
    cr_assert_str_eq(nearest_name("ABCDEG", 6, several, 2), "ABCDEX");
    cr_assert_str_eq(nearest_name("ABCDEF", 6, several, 3), "ABCDEF");
    cr_assert_str_eq(nearest_name("ABCDEZ", 6, several, 3), "ABCDEX", "of two equally near ones the first");
}

Test(nearest, far_words_are_near_nothing)
{
    static const char *const words[] = {"HIPPOPOTAMUS", "WORKERS", "X", "", "LOG_FILE_NAMES"};
    for (size_t i = 0; i < COUNT(words); i++)
        cr_assert_null(near(words[i]), "%s is near %s", words[i], near(words[i]));
    cr_assert_null(nearest_name("LOG", 3, names, 0), "of no names none is near");
}

/* The word is part of a longer text and ends where its length says. */
Test(nearest, the_length_ends_the_word)
{
    cr_assert_str_eq(nearest_name("LOGICAL", 3, names, COUNT(names)), "LOG");
    cr_assert_null(nearest_name("LOG", 0, names, COUNT(names)));
}

Test(nearest, long_words_and_names)
{
    char word[200];
    memset(word, 'D', sizeof word);
    static const char *const same[] = {"DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD"};
    static const char *const longer[] = {"DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD",
                                         "LOG"};
    cr_assert_null(nearest_name(word, sizeof word, names, COUNT(names)));
    cr_assert_null(nearest_name(word, 33, same, 1));
    cr_assert_eq(nearest_name(word, 32, same, 1), same[0]);
    cr_assert_eq(nearest_name(word, 31, same, 1), same[0]);
    cr_assert_null(nearest_name(word, 32, longer, 1));
    cr_assert_eq(nearest_name("LOG", 3, longer, 2), longer[1]);
}
