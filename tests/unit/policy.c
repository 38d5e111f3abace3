/* SPDX-License-Identifier: MIT */
/*
 * The policy, one test for each row of reasons.def, and the precedence between the rows: a process to which everything
 * applies, from which the reasons are taken away one by one.
 */
#include "policy/policy.h"
#include <criterion/criterion.h>
#include <string.h>

static struct config config_with(enum trigger_setting trigger)
{
    struct config config;
    config_parse(NULL, &config);
    config.trigger = trigger;
    return config;
}

static void assert_decision(const struct config *config, const struct facts *facts, enum trigger trigger,
                            enum reason reason, const char *detail)
{
    struct decision decision = policy_decide(config, facts);
    cr_assert_eq(decision.reason, reason, "\"%s\", not \"%s\"", policy_reason_text(decision.reason),
                 policy_reason_text(reason));
    cr_assert_eq(decision.trigger, trigger, "trigger %d, not %d", (int)decision.trigger, (int)trigger);
    cr_assert_eq(decision.detail, detail, "detail is %s", decision.detail ? decision.detail : "(none)");
    cr_assert_eq(strstr(policy_reason_text(reason), "%s") != NULL, detail != NULL, "%s", policy_reason_text(reason));
}

static const char library[] = "libcudart.so.12", other[] = "something";

Test(policy, cuda_library)
{
    struct config config = config_with(SETTING_AUTO);
    struct facts facts = {.cuda_library = library};
    assert_decision(&config, &facts, TRIGGER_LOAD, REASON_CUDA_LIBRARY, library);
    facts.fat_binary = true;
    assert_decision(&config, &facts, TRIGGER_LOAD, REASON_CUDA_LIBRARY, library);
}

Test(policy, fat_binary)
{
    struct config config = config_with(SETTING_AUTO);
    struct facts facts = {.fat_binary = true};
    assert_decision(&config, &facts, TRIGGER_LOAD, REASON_FAT_BINARY, NULL);
}

/* An explicit load takes any process, also one that auto would leave alone. */
Test(policy, asked)
{
    struct config config = config_with(SETTING_LOAD);
    struct facts facts = {.secure = false};
    assert_decision(&config, &facts, TRIGGER_LOAD, REASON_ASKED, NULL);
    facts = (struct facts){
        .cuda_library = library, .forks_with = other, .chooses_with = other, .injection = other, .fat_binary = true};
    assert_decision(&config, &facts, TRIGGER_LOAD, REASON_ASKED, NULL);
}

Test(policy, secure)
{
    struct config config = config_with(SETTING_LOAD);
    struct facts facts = {.secure = true, .cuda_library = library};
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_SECURE, NULL);
}

Test(policy, off)
{
    struct config config = config_with(SETTING_OFF);
    struct facts facts = {.cuda_library = library};
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_OFF, NULL);
}

Test(policy, no_device)
{
    struct config config = config_with(SETTING_LOAD);
    struct facts facts = {.cuda_library = library};
    config.devices.mode = DEVICE_NONE;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_NO_DEVICE, NULL);
    config.devices.mode = DEVICE_ALL;
    assert_decision(&config, &facts, TRIGGER_LOAD, REASON_ASKED, NULL);
}

Test(policy, bad_setting)
{
    struct config config = config_with(SETTING_LOAD);
    struct facts facts = {.cuda_library = library};
    config.bad = other;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_BAD_SETTING, other);
}

Test(policy, skip_list)
{
    struct config config = config_with(SETTING_LOAD);
    struct facts facts = {.skipped = other, .cuda_library = library};
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_SKIP_LIST, other);
}

Test(policy, opened_late)
{
    struct facts facts = {.opened_late = true, .cuda_library = library};
    struct config config = config_with(SETTING_LOAD);
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_OPENED_LATE, NULL);
    config = config_with(SETTING_AUTO);
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_OPENED_LATE, NULL);
}

/* An explicit serve or fork waits in any process, also in one that auto would warm before main. */
Test(policy, asked_to_wait)
{
    struct facts facts = {.cuda_library = library, .ancestor = MARKER_ANCESTOR};
    struct config config = config_with(SETTING_SERVE);
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_ASKED_TO_SERVE, NULL);
    config = config_with(SETTING_FORK);
    assert_decision(&config, &facts, TRIGGER_FORK, REASON_ASKED_TO_FORK, NULL);
}

/* Before main, in any Python. */
Test(policy, spawned)
{
    struct config config = config_with(SETTING_SPAWN);
    struct facts facts = {.role = ROLE_SPAWNED};
    assert_decision(&config, &facts, TRIGGER_SPAWN, REASON_SPAWNED, NULL);
    facts.fat_binary = true;
    facts.forks_with = other;
    assert_decision(&config, &facts, TRIGGER_SPAWN, REASON_SPAWNED, NULL);
}

Test(policy, workers_spawned)
{
    struct config config = config_with(SETTING_SPAWN);
    struct facts facts = {.role = ROLE_FORK_SERVER};
    assert_decision(&config, &facts, TRIGGER_FORK_SERVER, REASON_WORKERS_SPAWNED, NULL);
}

Test(policy, not_spawned)
{
    struct config config = config_with(SETTING_SPAWN);
    struct facts facts = {.cuda_library = library, .ancestor = MARKER_ANCESTOR};
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_NOT_SPAWNED, NULL);
}

Test(policy, nested)
{
    struct config config = config_with(SETTING_SPAWN);
    struct facts facts = {.role = ROLE_SPAWNED, .nested = true, .ancestor = MARKER_ANCESTOR};
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_NESTED, NULL);
    facts.role = ROLE_FORK_SERVER;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_NESTED, NULL);
    facts.nested = false;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_ANCESTOR_WARMED, NULL);
    facts.ancestor = MARKER_OTHER_RANK;
    assert_decision(&config, &facts, TRIGGER_FORK_SERVER, REASON_WORKERS_SPAWNED, NULL);
}

/* Under no trigger: it runs nothing of the program's. */
Test(policy, tracker)
{
    static const enum trigger_setting triggers[] = {SETTING_AUTO, SETTING_LOAD, SETTING_SERVE, SETTING_FORK,
                                                    SETTING_SPAWN};
    for (size_t i = 0; i < sizeof triggers / sizeof *triggers; i++) {
        struct config config = config_with(triggers[i]);
        struct facts facts = {.role = ROLE_TRACKER, .cuda_library = library};
        assert_decision(&config, &facts, TRIGGER_NONE, REASON_TRACKER, NULL);
    }
}

/* It waits for the program, which would find that a process above it was warmed. */
Test(policy, loader_of_a_packed_program)
{
    struct config config = config_with(SETTING_LOAD), automatic = config_with(SETTING_AUTO);
    struct facts facts = {.unpacks = true};
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_UNPACKS, NULL);
    assert_decision(&automatic, &facts, TRIGGER_SERVE, REASON_NOT_CUDA, NULL);
}

/* Its workers are forked from it: they decide for themselves when they serve, and are warmed as others' children. */
Test(policy, fork_server)
{
    struct config config = config_with(SETTING_LOAD), automatic = config_with(SETTING_AUTO),
                  serve = config_with(SETTING_SERVE), fork = config_with(SETTING_FORK);
    struct facts facts = {.role = ROLE_FORK_SERVER, .ancestor = MARKER_ANCESTOR};
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_FORK_SERVER, NULL);
    assert_decision(&automatic, &facts, TRIGGER_SERVE, REASON_NOT_CUDA, NULL);
    assert_decision(&serve, &facts, TRIGGER_SERVE, REASON_ASKED_TO_SERVE, NULL);
    assert_decision(&fork, &facts, TRIGGER_FORK, REASON_ASKED_TO_FORK, NULL);
}

/* A worker is a process like others, whoever has spawned it. */
Test(policy, spawned_under_other_triggers)
{
    struct config config = config_with(SETTING_LOAD), automatic = config_with(SETTING_AUTO);
    struct facts facts = {.role = ROLE_SPAWNED};
    assert_decision(&config, &facts, TRIGGER_LOAD, REASON_ASKED, NULL);
    assert_decision(&automatic, &facts, TRIGGER_SERVE, REASON_NOT_CUDA, NULL);
}

/* A process that may find another driver than we do is not warmed before it has opened one, even when it asks for it.
 */
Test(policy, own_driver)
{
    static const enum trigger_setting settings[] = {SETTING_AUTO, SETTING_LOAD, SETTING_SPAWN};
    struct facts facts = {.own_driver = other, .cuda_library = library, .role = ROLE_SPAWNED};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        struct config config = config_with(settings[i]);
        assert_decision(&config, &facts, TRIGGER_SERVE, REASON_OWN_DRIVER, other);
    }
    struct config config = config_with(SETTING_SERVE);
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_ASKED_TO_SERVE, NULL);
    config = config_with(SETTING_FORK);
    assert_decision(&config, &facts, TRIGGER_FORK, REASON_ASKED_TO_FORK, NULL);
}

/* Only an ancestor with the same local rank restrains; the process itself, before exec, does not. */
Test(policy, ancestor_warmed)
{
    struct facts facts = {.ancestor = MARKER_ANCESTOR, .cuda_library = library};
    struct config config = config_with(SETTING_LOAD), automatic = config_with(SETTING_AUTO);
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_ANCESTOR_WARMED, NULL);
    assert_decision(&automatic, &facts, TRIGGER_SERVE, REASON_ANCESTOR_WARMED, NULL);
    facts.ancestor = MARKER_SELF;
    assert_decision(&config, &facts, TRIGGER_LOAD, REASON_ASKED, NULL);
    assert_decision(&automatic, &facts, TRIGGER_LOAD, REASON_CUDA_LIBRARY, library);
    facts.ancestor = MARKER_OTHER_RANK;
    assert_decision(&config, &facts, TRIGGER_LOAD, REASON_ASKED, NULL);
    assert_decision(&automatic, &facts, TRIGGER_LOAD, REASON_CUDA_LIBRARY, library);
}

Test(policy, not_cuda)
{
    struct config config = config_with(SETTING_AUTO);
    struct facts facts = {.forks_with = other, .chooses_with = other, .injection = other};
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_NOT_CUDA, NULL);
}

Test(policy, forks)
{
    struct config config = config_with(SETTING_AUTO);
    struct facts facts = {.fat_binary = true, .forks_with = "fork"};
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_FORKS, facts.forks_with);
}

Test(policy, closes_descriptors)
{
    struct config config = config_with(SETTING_AUTO);
    struct facts facts = {.fat_binary = true, .closes_with = other, .chooses_with = other};
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_CLOSES, other);
}

Test(policy, must_have_one_thread)
{
    struct config config = config_with(SETTING_AUTO);
    struct facts facts = {.cuda_library = library, .alone_with = other, .sets_flags = "another"};
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_ALONE, other);
}

Test(policy, what_it_does_to_itself)
{
    struct config config = config_with(SETTING_AUTO);
    struct facts facts = {.fat_binary = true, .user_with = other, .limits_with = "another", .asks_only = true};
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_CHANGES_USER, other);
    facts.user_with = NULL;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_LIMITS, "another");
    facts.limits_with = NULL;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_ASKS_ONLY, NULL);
    config = config_with(SETTING_LOAD);
    assert_decision(&config, &facts, TRIGGER_LOAD, REASON_ASKED, NULL);
}

Test(policy, sets_flags)
{
    struct config config = config_with(SETTING_AUTO);
    struct facts facts = {.cuda_library = library, .sets_flags = other};
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_SETS_FLAGS, other);
}

Test(policy, names_of_the_moments)
{
    cr_assert_null(policy_trigger_name(TRIGGER_NONE));
    cr_assert_str_eq(policy_trigger_name(TRIGGER_LOAD), "load");
    cr_assert_str_eq(policy_trigger_name(TRIGGER_SERVE), "serve");
    cr_assert_str_eq(policy_trigger_name(TRIGGER_FORK), "fork");
    cr_assert_str_eq(policy_trigger_name(TRIGGER_SPAWN), "spawn");
    cr_assert_str_eq(policy_trigger_name(TRIGGER_FORK_SERVER), "spawn");
}

Test(policy, kinds_of_moments)
{
    static const struct {
        enum trigger trigger;
        bool before_main, warms_children, device_comes_later;
    } rows[] = {
        {TRIGGER_NONE, false, false, false},  {TRIGGER_LOAD, true, false, false},
        {TRIGGER_SERVE, false, false, false}, {TRIGGER_FORK, false, true, false},
        {TRIGGER_SPAWN, true, false, true},   {TRIGGER_FORK_SERVER, false, true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect_eq(policy_is_before_main(rows[i].trigger), rows[i].before_main, "row %zu", i);
        cr_expect_eq(policy_warms_children(rows[i].trigger), rows[i].warms_children, "row %zu", i);
        cr_expect_eq(policy_device_comes_later(rows[i].trigger), rows[i].device_comes_later, "row %zu", i);
    }
}

Test(policy, unreadable)
{
    struct config config = config_with(SETTING_LOAD);
    struct facts facts = {.unreadable = true};
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_UNREADABLE, NULL);
}

Test(policy, too_large)
{
    struct config config = config_with(SETTING_AUTO);
    struct facts facts = {.fat_binary = true, .too_large = true};
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_TOO_LARGE, NULL);
}

Test(policy, chooses_devices)
{
    struct config config = config_with(SETTING_AUTO);
    struct facts facts = {.fat_binary = true, .chooses_with = other};
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_CHOOSES_DEVICES, other);
}

Test(policy, injected)
{
    struct config config = config_with(SETTING_AUTO);
    struct facts facts = {.fat_binary = true, .injection = "CUDA_INJECTION64_PATH"};
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_INJECTED, facts.injection);
}

static struct facts everything(void)
{
    return (struct facts){.secure = true,
                          .unreadable = true,
                          .skipped = other,
                          .opened_late = true,
                          .role = ROLE_TRACKER,
                          .nested = true,
                          .own_driver = other,
                          .ancestor = MARKER_ANCESTOR,
                          .cuda_library = library,
                          .fat_binary = true,
                          .forks_with = other,
                          .closes_with = other,
                          .alone_with = other,
                          .user_with = other,
                          .limits_with = other,
                          .asks_only = true,
                          .sets_flags = other,
                          .chooses_with = other,
                          .too_large = true,
                          .injection = other};
}

Test(policy, precedence_of_what_is_never_warmed)
{
    struct config config = config_with(SETTING_OFF);
    struct facts facts = everything();
    config.devices.mode = DEVICE_NONE;
    config.bad = other;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_SECURE, NULL);
    facts.secure = false;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_SKIP_LIST, other);
    facts.skipped = NULL;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_OFF, NULL);
    config.trigger = SETTING_SERVE;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_NO_DEVICE, NULL);
    config.devices.mode = DEVICE_AUTO;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_BAD_SETTING, other);
    config.bad = NULL;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_UNREADABLE, NULL);
    facts.unreadable = false;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_OPENED_LATE, NULL);
    config.trigger = SETTING_AUTO;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_OPENED_LATE, NULL);
    facts.opened_late = false;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_TRACKER, NULL);
    facts.role = ROLE_FORK_SERVER;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_OWN_DRIVER, other);
    facts.own_driver = NULL;
    config.trigger = SETTING_SPAWN;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_NESTED, NULL);
    facts.nested = false;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_ANCESTOR_WARMED, NULL);
    config.trigger = SETTING_LOAD;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_FORK_SERVER, NULL);
    facts.role = ROLE_NONE;
    config.trigger = SETTING_LOAD;
    assert_decision(&config, &facts, TRIGGER_NONE, REASON_ANCESTOR_WARMED, NULL);
}

Test(policy, precedence_in_cuda_executables)
{
    struct config config = config_with(SETTING_AUTO);
    struct facts facts = everything();
    facts.secure = facts.unreadable = facts.opened_late = false;
    facts.role = ROLE_NONE;
    facts.skipped = facts.own_driver = NULL;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_ANCESTOR_WARMED, NULL);
    facts.ancestor = MARKER_NONE;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_FORKS, other);
    facts.forks_with = NULL;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_CLOSES, other);
    facts.closes_with = NULL;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_ALONE, other);
    facts.alone_with = NULL;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_CHANGES_USER, other);
    facts.user_with = NULL;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_LIMITS, other);
    facts.limits_with = NULL;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_ASKS_ONLY, NULL);
    facts.asks_only = false;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_SETS_FLAGS, other);
    facts.sets_flags = NULL;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_CHOOSES_DEVICES, other);
    facts.chooses_with = NULL;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_TOO_LARGE, NULL);
    facts.too_large = false;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_INJECTED, other);
    facts.injection = NULL;
    assert_decision(&config, &facts, TRIGGER_LOAD, REASON_CUDA_LIBRARY, library);
    facts.cuda_library = NULL;
    assert_decision(&config, &facts, TRIGGER_LOAD, REASON_FAT_BINARY, NULL);
    facts.fat_binary = false;
    assert_decision(&config, &facts, TRIGGER_SERVE, REASON_NOT_CUDA, NULL);
}

Test(policy, is_cuda_executable)
{
    cr_assert_not(policy_is_cuda_executable(&(struct facts){.forks_with = other, .injection = other}));
    cr_assert(policy_is_cuda_executable(&(struct facts){.cuda_library = library}));
    cr_assert(policy_is_cuda_executable(&(struct facts){.fat_binary = true}));
}

/* Callers format the text with the detail alone: at most one "%s", and no other "%". */
Test(policy, reason_texts)
{
    static const struct {
        enum reason reason;
        const char *text;
    } rows[] = {
#define REASON(name, text) {REASON_##name, text},
#include "policy/reasons.def"
#undef REASON
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = policy_reason_text(rows[i].reason), *percent = strchr(text, '%');
        cr_assert_str_eq(text, rows[i].text);
        cr_assert(!percent || (percent[1] == 's' && !strchr(percent + 1, '%')), "%s", text);
    }
}

/* A launcher would keep its worker off a GPU that only one process can have. */
Test(policy, takes_exclusive)
{
    struct config config = config_with(SETTING_AUTO), asked = config_with(SETTING_SERVE);
    const struct facts plain = {.secure = false}, cuda = {.cuda_library = library}, fat = {.fat_binary = true},
                       launcher = {.cuda_library = library, .leads_others = true};
    cr_expect(policy_takes_exclusive(&config, &cuda, TRIGGER_LOAD));
    cr_expect(policy_takes_exclusive(&config, &fat, TRIGGER_SERVE));
    cr_expect_not(policy_takes_exclusive(&config, &launcher, TRIGGER_LOAD));
    cr_expect_not(policy_takes_exclusive(&config, &launcher, TRIGGER_SERVE));
    cr_expect_not(policy_takes_exclusive(&config, &plain, TRIGGER_SERVE));
    cr_expect_not(policy_takes_exclusive(&asked, &plain, TRIGGER_SERVE), "which device is not said");
    config.devices.mode = asked.devices.mode = DEVICE_LISTED;
    cr_expect_not(policy_takes_exclusive(&config, &plain, TRIGGER_SERVE), "that it is to be warmed is not said");
    cr_expect(policy_takes_exclusive(&asked, &plain, TRIGGER_SERVE));
    cr_expect(policy_takes_exclusive(&asked, &plain, TRIGGER_FORK));
    cr_expect_not(policy_takes_exclusive(&asked, &plain, TRIGGER_LOAD));
    cr_expect_not(policy_takes_exclusive(&asked, &plain, TRIGGER_SPAWN), "another worker may be meant");
    cr_expect_not(policy_takes_exclusive(&asked, &plain, TRIGGER_FORK_SERVER), "another worker may be meant");
}
