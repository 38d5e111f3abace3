/* SPDX-License-Identifier: MIT */
/* GPUWARM_DEVICE as written: ordinals, UUIDs, PCI bus ids and the words, and everything that looks nearly like them. */
#include "policy/device_list.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct device_list list; /* static: some 4 KiB */

static void assert_malformed(const char *value)
{
    list.mode = DEVICE_ALL;
    list.count = 7;
    cr_assert_not(device_list_parse(value, &list), "\"%s\" was taken", value);
    cr_assert_eq(list.mode, DEVICE_ALL, "\"%s\" changed the mode", value);
    cr_assert_eq(list.count, 7, "\"%s\" changed the count", value);
}

/* One device: its form, and its ordinal or text. */
static void assert_one(const char *value, enum device_form form, const char *text)
{
    cr_assert(device_list_parse(value, &list), "\"%s\" was not taken", value);
    cr_assert_eq(list.mode, DEVICE_LISTED, "\"%s\": mode %d", value, list.mode);
    cr_assert_eq(list.count, 1, "\"%s\": %u devices", value, list.count);
    cr_assert_eq(list.specs[0].form, form, "\"%s\": form %d", value, list.specs[0].form);
    cr_assert_str_eq(list.specs[0].text, text, "\"%s\": text \"%s\"", value, list.specs[0].text);
}

Test(device_list, words)
{
    static const struct {
        const char *value;
        enum device_mode mode;
    } rows[] = {{"auto", DEVICE_AUTO}, {"cuda", DEVICE_AUTO}, {"all", DEVICE_ALL}, {"none", DEVICE_NONE}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        list.mode = DEVICE_LISTED;
        list.count = 7;
        cr_assert(device_list_parse(rows[i].value, &list));
        cr_assert_eq(list.mode, rows[i].mode, "%s", rows[i].value);
        cr_assert_eq(list.count, 0, "%s", rows[i].value);
    }
}

Test(device_list, words_stand_alone)
{
    static const char *const values[] = {"none,0", "0,none", "0,all",  "all,0",  "auto,1", "auto,auto",
                                         "Auto",   "ALL",    "cuda,0", "0,cuda", "CUDA"};
    for (size_t i = 0; i < COUNT(values); i++)
        assert_malformed(values[i]);
}

Test(device_list, ordinals)
{
    static const struct {
        const char *value;
        int ordinal;
    } rows[] = {{"0", 0}, {"7", 7}, {"15", 15}, {"007", 7}, {"9999", 9999}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_one(rows[i].value, DEVICE_ORDINAL, rows[i].value);
        cr_assert_eq(list.specs[0].ordinal, rows[i].ordinal, "%s: %d", rows[i].value, list.specs[0].ordinal);
    }
}

/* As PyTorch writes them. */
Test(device_list, ordinals_behind_cuda)
{
    static const struct {
        const char *value;
        int ordinal;
    } rows[] = {{"cuda:0", 0}, {"cuda:7", 7}, {"cuda:15", 15}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_one(rows[i].value, DEVICE_ORDINAL, rows[i].value);
        cr_assert_eq(list.specs[0].ordinal, rows[i].ordinal, "%s: %d", rows[i].value, list.specs[0].ordinal);
    }
    cr_assert(device_list_parse("cuda:2, 0,cuda:1", &list));
    cr_assert_eq(list.count, 3);
    cr_assert_eq(list.specs[0].ordinal, 2);
    cr_assert_eq(list.specs[2].ordinal, 1);
}

Test(device_list, lists_keep_order_and_duplicates)
{
    static const int ordinals[] = {2, 0, 2, 1};
    cr_assert(device_list_parse("2,0,2,1", &list));
    cr_assert_eq(list.mode, DEVICE_LISTED);
    cr_assert_eq(list.count, COUNT(ordinals));
    for (size_t i = 0; i < COUNT(ordinals); i++)
        cr_assert_eq(list.specs[i].ordinal, ordinals[i], "entry %zu is %d", i, list.specs[i].ordinal);
}

Test(device_list, forms_can_be_mixed)
{
    cr_assert(device_list_parse("1,GPU-8a5e,41:00.0,MIG-0c", &list));
    cr_assert_eq(list.count, 4);
    cr_assert_eq(list.specs[0].form, DEVICE_ORDINAL);
    cr_assert_eq(list.specs[1].form, DEVICE_UUID);
    cr_assert_eq(list.specs[2].form, DEVICE_PCI);
    cr_assert_eq(list.specs[3].form, DEVICE_UUID);
    cr_assert_str_eq(list.specs[3].text, "MIG-0c");
}

Test(device_list, blanks_around_entries)
{
    cr_assert(device_list_parse("  3 ,GPU-8a5e  ,  41:00.0 ", &list));
    cr_assert_eq(list.count, 3);
    cr_assert_eq(list.specs[0].ordinal, 3);
    cr_assert_str_eq(list.specs[0].text, "3");
    cr_assert_str_eq(list.specs[1].text, "GPU-8a5e");
    cr_assert_str_eq(list.specs[2].text, "0000:41:00.0");
}

Test(device_list, malformed)
{
    static const char *const values[] = {
        "",
        " ",
        ",",
        "0,",
        ",0",
        "0,,1",
        "0, ,1",
        "0 1",
        "-1",
        "+1",
        "0x1",
        "1.0",
        "one",
        "cuda:",
        "cuda:-1",
        "0;1",
        "cuda:cuda:1",
        "cuda:x",
        "cuda 1",
        "cuda1",
        "cuda: 1",
        "cuda:GPU-8a5e",
        "gpu0",
        "0\t",
        "00000",
        "10000",
        "4294967296",
        "99999999999999999999",
        "0,1,x",
    };
    for (size_t i = 0; i < COUNT(values); i++)
        assert_malformed(values[i]);
}

Test(device_list, uuids_are_kept_as_written)
{
    static const char *const values[] = {
        "GPU-8a5e2d1c-0b3f-4e6a-9c7d-112233445566",
        "gpu-8A5E2D1C-0B3F-4E6A-9C7D-112233445566",
        "Gpu-8a5E",
        "GPU-8",
        "GPU-8a5e2d1c",
        "GPU-8a5e2d1c-",
        "GPU-8a5e2d1c-0b3f-4e6a-9c7d-",
        "MIG-8a5e2d1c-0b3f-4e6a-9c7d-112233445566",
        "mig-8a5e2d1c-0b",
    };
    for (size_t i = 0; i < COUNT(values); i++)
        assert_one(values[i], DEVICE_UUID, values[i]);
}

Test(device_list, malformed_uuids)
{
    static const char *const values[] = {
        "GPU-",
        "MIG-",
        "GPU",
        "GPU8a5e2d1c",
        "XPU-8a5e2d1c",
        "8a5e2d1c-0b3f-4e6a-9c7d-112233445566",
        "GPU--a5e2d1c",
        "GPU-8a5e2d1g",
        "GPU-8a5e-2d1c",
        "GPU-8a5e2d1c0",
        "GPU-8a5e2d1c0b3f4e6a9c7d112233445566",
        "GPU-8a5e2d1c-0b3f4",
        "GPU-8a5e2d1c-0b3f-4e6a9",
        "GPU-8a5e2d1c-0b3f-4e6a-9c7d1",
        "GPU-8a5e2d1c-0b3f-4e6a-9c7d-1122334455667",
        "GPU-8a5e2d1c-0b3f-4e6a-9c7d-112233445566-",
        "GPU-8a5e2d1c-0b3f-4e6a-9c7d-112233445566112233445566112233445566",
        "MIG-GPU-8a5e2d1c-0b3f-4e6a-9c7d-112233445566/1/0",
    };
    for (size_t i = 0; i < COUNT(values); i++)
        assert_malformed(values[i]);
}

Test(device_list, pci_bus_ids_in_the_form_of_the_driver)
{
    static const struct {
        const char *value, *text;
    } rows[] = {
        {"41:00.0", "0000:41:00.0"},          {"41:00", "0000:41:00.0"},
        {"0000:41:00.0", "0000:41:00.0"},     {"0000:41:00", "0000:41:00.0"},
        {"00000000:41:00.0", "0000:41:00.0"}, {"0001:c1:1f.7", "0001:c1:1f.7"},
        {"1:2:3.4", "0001:02:03.4"},          {"00000000:AF:00.0", "0000:af:00.0"},
        {"10000:01:00.0", "10000:01:00.0"},   {"ffffffff:ff:1f.7", "ffffffff:ff:1f.7"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_one(rows[i].value, DEVICE_PCI, rows[i].text);
}

Test(device_list, malformed_pci_bus_ids)
{
    static const char *const values[] = {
        "41:",
        ":00.0",
        "41:00.",
        "41:00.8",
        "41:00.f",
        "41:00.00",
        "41:20.0",
        "100:00.0",
        "0000:100:00.0",
        "0000:41:20.0",
        "0:0000:41:00.0",
        "41.0",
        "41",
        "0000:41:00.0x",
        "000000000:41:00.0",
        "41:00:",
        "g1:00.0",
        "41:00 .0",
        "41::00.0",
        "ab",
        "0000:41:00:0",
    };
    for (size_t i = 0; i < COUNT(values); i++)
        if (strcmp(values[i], "41") != 0)
            assert_malformed(values[i]);
    assert_one("41", DEVICE_ORDINAL, "41");
}

Test(device_list, as_many_devices_as_there_is_room_for)
{
    char value[3 * (DEVICES_MAX + 1) + 1] = "0";
    for (int i = 1; i < DEVICES_MAX; i++)
        sprintf(value + strlen(value), ",%d", i);
    cr_assert(device_list_parse(value, &list));
    cr_assert_eq(list.count, DEVICES_MAX);
    cr_assert_eq(list.specs[DEVICES_MAX - 1].ordinal, DEVICES_MAX - 1);
    strcat(value, ",0");
    assert_malformed(value);
}

static const unsigned char uuid[16] = {0x8a, 0x5e, 0x2d, 0x1c, 0x0b, 0x3f, 0x4e, 0x6a,
                                       0x9c, 0x7d, 0x11, 0x22, 0x33, 0x44, 0x55, 0xff};

Test(device_list, uuid_format)
{
    char text[41];
    device_uuid_format(uuid, false, text);
    cr_assert_str_eq(text, "GPU-8a5e2d1c-0b3f-4e6a-9c7d-1122334455ff");
    device_uuid_format(uuid, true, text);
    cr_assert_str_eq(text, "MIG-8a5e2d1c-0b3f-4e6a-9c7d-1122334455ff");
}

Test(device_list, uuid_matches)
{
    static const struct {
        const char *written;
        bool matches;
    } rows[] = {
        {"GPU-8a5e2d1c-0b3f-4e6a-9c7d-1122334455ff", true},
        {"gpu-8A5E2D1C-0B3F-4E6A-9C7D-1122334455FF", true},
        {"MIG-8a5e2d1c-0b3f-4e6a-9c7d-1122334455ff", true},
        {"GPU-8", true},
        {"GPU-8a5e2d1c-", true},
        {"GPU-8a5e2d1c-0b", true},
        {"GPU-9", false},
        {"GPU-8a5e2d1d", false},
        {"GPU-8a5e2d1c0b", false},
        {"GPU-a5e2d1c", false},
        {"GPU-8a5e2d1c-0b3f-4e6a-9c7d-1122334455fe", false},
        {"GPU-8a5e2d1c-0b3f-4e6a-9c7d-1122334455ff0", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        cr_assert_eq(device_uuid_matches(uuid, rows[i].written), rows[i].matches, "%s", rows[i].written);
}

Test(device_list, uuid_matches_what_format_wrote)
{
    char text[41];
    device_uuid_format(uuid, false, text);
    for (size_t length = 5; length <= 40; length++) {
        char prefix[41];
        snprintf(prefix, sizeof prefix, "%.*s", (int)length, text);
        cr_assert(device_uuid_matches(uuid, prefix), "%s", prefix);
        assert_one(prefix, DEVICE_UUID, prefix);
    }
}
