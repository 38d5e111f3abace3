/* SPDX-License-Identifier: MIT */
/* The marker: whom it restrains, and that a value which nobody wrote restrains nobody. */
#include "policy/marker.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const relation_names[] = {"none", "self", "ancestor", "other rank"};

static void assert_relation(const char *text, int rank, enum marker_relation wanted)
{
    struct marker self = {.pid = 100, .start = 5000, .rank = rank};
    enum marker_relation relation = marker_relate(text, &self);
    cr_assert_eq(relation, wanted, "\"%s\" with rank %d: %s, not %s", text ? text : "(none)", rank,
                 relation_names[relation], relation_names[wanted]);
}

Test(marker, self)
{
    assert_relation("100:5000:", -1, MARKER_SELF);
    assert_relation("100:5000:3", 3, MARKER_SELF);
    assert_relation("100:5000:3", 4, MARKER_SELF);
    assert_relation("100:5000:", 4, MARKER_SELF);
}

/* An equal pid alone is another process, which was later given it; an equal start time alone is another one too. */
Test(marker, ancestor)
{
    assert_relation("100:4999:", -1, MARKER_ANCESTOR);
    assert_relation("99:5000:", -1, MARKER_ANCESTOR);
    assert_relation("99:4000:", -1, MARKER_ANCESTOR);
    assert_relation("99:4000:0", 0, MARKER_ANCESTOR);
    assert_relation("99:4000:7", 7, MARKER_ANCESTOR);
    assert_relation("100:0:7", 7, MARKER_ANCESTOR);
}

Test(marker, other_rank)
{
    assert_relation("99:4000:0", 1, MARKER_OTHER_RANK);
    assert_relation("99:4000:1", 0, MARKER_OTHER_RANK);
    assert_relation("99:4000:", 0, MARKER_OTHER_RANK);
    assert_relation("99:4000:0", -1, MARKER_OTHER_RANK);
    assert_relation("100:4999:0", 1, MARKER_OTHER_RANK);
}

Test(marker, none_and_malformed)
{
    static const char *const texts[] = {
        NULL,
        "",
        ":",
        "::",
        "100",
        "100:",
        "100:5000",
        ":5000:",
        "100::",
        "100::3",
        "x:5000:",
        "100:x:",
        "100:5000:x",
        "100:5000:3x",
        "100:5000:-1",
        "-100:5000:",
        "+100:5000:",
        " 100:5000:",
        "100: 5000:",
        "100:5000: 3",
        "100:5000:3:",
        "100:5000:12345",
        "0x64:5000:",
        "100;5000;",
        "100:5000:3\n",
        "10000000000000000000:5000:",
        "100:50000000000000000000:",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_relation(texts[i], -1, MARKER_NONE);
        assert_relation(texts[i], 3, MARKER_NONE);
    }
}

/* From /proc/PID/stat, with everything behind the name as proc(5) has it; field 22 is 777. */
#define REST "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20 21 22 23"

Test(marker, start_time)
{
    static const char *const texts[] = {
        "42 (server) " REST,   "42 (a b) " REST, "42 (a) (b)) " REST,
        "42 ()) S 1 2) " REST, "42 () " REST,    "42 (\n) " REST,
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        cr_assert_eq(marker_start_time(texts[i]), 777, "%s gave %llu", texts[i], marker_start_time(texts[i]));
    cr_assert_eq(marker_start_time("42 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 18446744073709551615 20"),
                 18446744073709551615ull);
    cr_assert_eq(marker_start_time("42 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777"), 777, "the last field");
}

Test(marker, start_time_of_short_text)
{
    static const char *const texts[] = {
        "",
        "42",
        "42 (server",
        "42 (server)",
        "42 (server) ",
        "42 (server) S 1 2 3",
        "42 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18",
        "42 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 ",
        "42 x S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        cr_assert_eq(marker_start_time(texts[i]), 0, "\"%s\" gave %llu", texts[i], marker_start_time(texts[i]));
}

Test(marker, self_is_this_process)
{
    struct marker self = marker_self(5), again = marker_self(-1);
    cr_assert_eq(self.pid, getpid());
    cr_assert_gt(self.start, 0);
    cr_assert_eq(self.rank, 5);
    cr_assert_eq(again.start, self.start);
    cr_assert_eq(again.rank, -1);
}

Test(marker, set_is_what_relate_reads)
{
    static const int ranks[] = {-1, 0, 9999};
    for (size_t i = 0; i < COUNT(ranks); i++) {
        struct marker self = {.pid = 4194304, .start = 18446744073709551ull, .rank = ranks[i]};
        struct marker child = {.pid = 101, .start = 6000, .rank = ranks[i]}, other = child;
        other.rank = 1;
        marker_set(&environ, &self);
        const char *text = getenv("GPUWARM_MARKER");
        cr_assert_not_null(text);
        cr_assert_eq(marker_relate(text, &self), MARKER_SELF, "%s", text);
        cr_assert_eq(marker_relate(text, &child), MARKER_ANCESTOR, "%s", text);
        cr_assert_eq(marker_relate(text, &other), MARKER_OTHER_RANK, "%s", text);
    }
    cr_assert_str_eq(getenv("GPUWARM_MARKER"), "4194304:18446744073709551:9999");
}
