/* SPDX-License-Identifier: MIT */
/* GPUWARM_DEVICE as written: what it asks for, before any driver is there to say what it means. Pure. */
#ifndef GPUWARM_DEVICE_LIST_H
#define GPUWARM_DEVICE_LIST_H

#include <stdbool.h>
#include <stddef.h>

enum { DEVICES_MAX = 64 };

enum device_mode { DEVICE_AUTO, DEVICE_ALL, DEVICE_NONE, DEVICE_LISTED };

enum device_form { DEVICE_ORDINAL, DEVICE_UUID, DEVICE_PCI };

struct device_spec {
    enum device_form form;
    int ordinal;   /* DEVICE_ORDINAL, from 0 */
    char text[48]; /* as written; for a PCI bus id in the driver's form, "0000:41:00.0" */
};

struct device_list {
    enum device_mode mode;
    unsigned count; /* of specs, with DEVICE_LISTED */
    struct device_spec specs[DEVICES_MAX];
};

/* Fills `list` from `value` (not empty). false, and `list` unchanged but for its specs, when it is malformed. */
bool device_list_parse(const char *value, struct device_list *list);

/*
 * Does a UUID of 16 bytes begin with what `written` has after its "GPU-" or "MIG-"? Any case; the dashes must be where
 * nvidia-smi prints them.
 */
bool device_uuid_matches(const unsigned char uuid[16], const char *written);

/* Writes "GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", or with MIG-, into text. */
void device_uuid_format(const unsigned char uuid[16], bool mig, char text[41]);

#endif
