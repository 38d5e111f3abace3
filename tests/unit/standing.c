/* SPDX-License-Identifier: MIT */
/* What a process that was not warmed says of itself, in each kind of wait. */
#include "policy/standing.h"
#include <criterion/criterion.h>
#include <string.h>

static void expect_nothing(struct standing standing)
{
    enum reason reason = REASON_OFF;
    cr_expect_not(standing_reason(&standing, &reason), "%s", policy_reason_text(reason));
}

static void expect(struct standing standing, enum reason wanted)
{
    enum reason reason = REASON_OFF;
    cr_expect(standing_reason(&standing, &reason));
    cr_expect_eq(reason, wanted, "%s", policy_reason_text(reason));
}

Test(standing, at_a_socket_that_listens)
{
    struct standing standing = {.listener = true, .serving_thread = true, .counts = true, .cuda = true};
    expect_nothing(standing);
    standing.cuda = false;
    expect(standing, REASON_SERVES_WITHOUT_CUDA);
    standing.counts = false;
    expect(standing, REASON_SERVES_WITHOUT_CUDA);
    standing.cuda = true;
    expect(standing, REASON_LOCAL_SOCKET);
    standing.serving_thread = false;
    expect_nothing(standing);
    standing.counts = true;
    expect(standing, REASON_SIDE_THREAD);
    standing.forks = true;
    expect(standing, REASON_MASTER);
}

Test(standing, in_a_wait_for_something_else)
{
    struct standing standing = {.serving_thread = true, .cuda = true};
    expect_nothing(standing);
    standing.forks = true;
    expect(standing, REASON_MASTER);
    standing.forked = true;
    expect(standing, REASON_MASTER);
    standing.serving_thread = false;
    expect(standing, REASON_MASTER);
    standing.forks = false;
    expect_nothing(standing);
    standing.serving_thread = true;
    expect(standing, REASON_UNREACHED);
    standing.forked = false;
    standing.waits_long = true;
    expect(standing, REASON_NEVER_WAITED);
    standing.serving_thread = false;
    expect_nothing(standing);
}

Test(standing, of_a_child_of_a_warmed_process)
{
    expect((struct standing){.child_of_warmed = true}, REASON_CHILD_OF_WARMED);
    expect((struct standing){.child_of_warmed = true, .listener = true, .serving_thread = true, .counts = true},
           REASON_CHILD_OF_WARMED);
}

Test(standing, is_asked_ever_more_seldom)
{
    unsigned asked = 0;
    for (unsigned wait = 0; wait < 5000; wait++)
        asked += standing_is_time(wait);
    cr_expect_eq(asked, 10);
    cr_expect(standing_is_time(1) && standing_is_time(2) && standing_is_time(512));
    cr_expect_not(standing_is_time(0));
    cr_expect_not(standing_is_time(3));
    cr_expect_not(standing_is_time(1024));
}

Test(standing, is_asked_ever_more_seldom_without_end)
{
    unsigned asked = 0;
    for (unsigned wait = 0; wait < 5000; wait++)
        asked += standing_is_seldom(wait);
    cr_expect_eq(asked, 13);
    cr_expect(standing_is_seldom(1) && standing_is_seldom(4096) && standing_is_seldom(1U << 31));
    cr_expect_not(standing_is_seldom(0) || standing_is_seldom(4097));
}

/* What a user can set cures; the text says what. */
Test(standing, every_lasting_reason_names_its_remedy)
{
    static const enum reason reasons[] = {REASON_NOT_CUDA,       REASON_NEVER_WAITED, REASON_NEVER_FORKED,
                                          REASON_SIDE_THREAD,    REASON_LOCAL_SOCKET, REASON_UNREACHED,
                                          REASON_CHILD_OF_WARMED};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        cr_expect_not_null(strstr(policy_reason_text(reasons[i]), "GPUWARM_TRIGGER"), "%s",
                           policy_reason_text(reasons[i]));
}
