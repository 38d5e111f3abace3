/* SPDX-License-Identifier: MIT */
/* See device_list.h. */
#include "policy/device_list.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "1", or as PyTorch writes it "cuda:1". */
static bool ordinal_parse(const char *text, struct device_spec *spec)
{
    static const char cuda[] = "cuda:";
    int value = 0;
    if (strncmp(text, cuda, sizeof cuda - 1) == 0)
        text += sizeof cuda - 1;
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (!is_digit(text[i]) || length > 4)
            return false;
        value = value * 10 + (text[i] - '0');
    }
    spec->form = DEVICE_ORDINAL;
    spec->ordinal = value;
    return length > 0;
}

/* At least one digit after the prefix, dashes where a UUID has them (after 8, 13, 18 and 23 characters). */
static bool uuid_parse(const char *text, struct device_spec *spec)
{
    if (strncasecmp(text, "GPU-", 4) != 0 && strncasecmp(text, "MIG-", 4) != 0)
        return false;
    const char *rest = text + 4;
    size_t length = strlen(rest);
    for (size_t i = 0; i < length; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? rest[i] != '-' : hex_value(rest[i]) < 0)
            return false;
    }
    spec->form = DEVICE_UUID;
    return length > 0 && length <= 36;
}

/* Reads 1 to `digits_max` hexadecimal digits at *text and moves past them; -1 when there are none. */
static long hex_parse(const char **text, int digits_max)
{
    long value = 0;
    int digits = 0;
    for (; digits < digits_max && hex_value(**text) >= 0; digits++)
        value = value * 16 + hex_value(*(*text)++);
    return digits ? value : -1;
}

/* [domain:]bus:device[.function], all hexadecimal, as in the documentation of cuDeviceGetByPCIBusId. */
static bool pci_parse(const char *text, struct device_spec *spec)
{
    const char *at = text;
    long parts[3], function = 0;
    int count = 0;
    do {
        parts[count] = hex_parse(&at, 8);
        if (parts[count++] < 0)
            return false;
    } while (count < 3 && *at == ':' && at++);
    if (*at == '.') {
        at++;
        function = hex_parse(&at, 1);
    }
    long domain = count == 3 ? parts[0] : 0;
    if (*at || count < 2 || function < 0 || function > 7 || parts[count - 2] > 0xff || parts[count - 1] > 0x1f)
        return false;
    spec->form = DEVICE_PCI;
    snprintf(spec->text, sizeof spec->text, "%04lx:%02lx:%02lx.%lx", domain, parts[count - 2], parts[count - 1],
             function);
    return true;
}

static bool spec_parse(const char *start, size_t length, struct device_spec *spec)
{
    while (length && *start == ' ')
        start++, length--;
    while (length && start[length - 1] == ' ')
        length--;
    if (length == 0 || length >= sizeof spec->text)
        return false;
    char written[sizeof spec->text];
    snprintf(written, sizeof written, "%.*s", (int)length, start);
    snprintf(spec->text, sizeof spec->text, "%s", written);
    return ordinal_parse(written, spec) || uuid_parse(written, spec) || pci_parse(written, spec);
}

bool device_list_parse(const char *value, struct device_list *list)
{
    static const struct {
        char word[8];
        enum device_mode mode;
    } words[] = {{"auto", DEVICE_AUTO}, {"cuda", DEVICE_AUTO}, {"all", DEVICE_ALL}, {"none", DEVICE_NONE}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(value, words[i].word) == 0) {
            list->mode = words[i].mode;
            list->count = 0;
            return true;
        }
    unsigned count = 0;
    for (const char *entry = value;; entry++) {
        size_t length = strcspn(entry, ",");
        if (count == DEVICES_MAX || !spec_parse(entry, length, &list->specs[count]))
            return false;
        count++;
        entry += length;
        if (!*entry)
            break;
    }
    list->mode = DEVICE_LISTED;
    list->count = count;
    return true;
}

void device_uuid_format(const unsigned char uuid[16], bool mig, char text[41])
{
    size_t used = (size_t)snprintf(text, 41, mig ? "MIG-" : "GPU-");
    for (int i = 0; i < 16; i++)
        used +=
            (size_t)snprintf(text + used, 41 - used, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
}

bool device_uuid_matches(const unsigned char uuid[16], const char *written)
{
    char text[41];
    device_uuid_format(uuid, false, text);
    return strncasecmp(text + 4, written + 4, strlen(written + 4)) == 0;
}
