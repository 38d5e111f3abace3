/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: a value of GPUWARM_DEVICE. What is understood must fit, and must be understood again, as the same, when
 * it is written out from what was kept of it.
 */
#include "policy/device_list.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_again(const struct device_list *list)
{
    static char text[DEVICES_MAX * 50];
    size_t used = 0;
    for (unsigned i = 0; i < list->count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? "," : "", list->specs[i].text);
    struct device_list again = {.mode = DEVICE_AUTO};
    if (!device_list_parse(text, &again) || again.count != list->count)
        abort();
    for (unsigned i = 0; i < list->count; i++)
        if (again.specs[i].form != list->specs[i].form || again.specs[i].ordinal != list->specs[i].ordinal ||
            strcmp(again.specs[i].text, list->specs[i].text) != 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *value = malloc(size + 1);
    struct device_list list;
    memset(&list, 0, sizeof list);
    if (!value)
        abort();
    memcpy(value, data, size);
    value[size] = '\0';
    /* An empty value is an unset one, and never comes here (device_list.h). */
    if (*value && device_list_parse(value, &list)) {
        if (list.count > DEVICES_MAX || (list.mode == DEVICE_LISTED) != (list.count > 0))
            abort();
        if (list.mode == DEVICE_LISTED)
            check_again(&list);
        static const unsigned char uuid[16] = {0x12, 0x34};
        for (unsigned i = 0; i < list.count; i++)
            if (list.specs[i].form == DEVICE_UUID)
                device_uuid_matches(uuid, list.specs[i].text);
    }
    free(value);
    return 0;
}
