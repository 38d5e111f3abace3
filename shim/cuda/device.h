/* SPDX-License-Identifier: MIT */
/* Which devices GPUWARM_DEVICE means on this machine, as the driver numbers them for this program. */
#ifndef GPUWARM_DEVICE_H
#define GPUWARM_DEVICE_H

#include "base/text.h"
#include "cuda/driver.h"
#include "policy/device_list.h"

enum { DEVICE_NAME_LENGTH = 96 };

struct device {
    CUdevice handle;
    int ordinal;   /* -1: no device was reached */
    char uuid[41]; /* empty when the driver does not tell */
    char name[DEVICE_NAME_LENGTH];
};

/*
 * Fills `devices` (room for DEVICES_MAX) with what `list` asks for, each device once, and returns how many; *visible
 * is the number of devices that the program sees. `rank` is
 * the local rank or -1, for DEVICE_AUTO. What is not there is described in `missing`, which stays empty when all is.
 * A driver call that failed is in `outcome`.
 */
unsigned device_resolve(const struct driver *driver, const struct device_list *list, int rank, struct device *devices,
                        int *visible, struct text *missing, struct stage_outcome *outcome);

/* Is the device one that only one process may use (compute mode EXCLUSIVE_PROCESS), and not this one's already? */
bool device_is_exclusive(const struct driver *driver, const struct device *device);

/* Has the program a primary context on it? One that cannot be asked has none. */
bool device_in_use(const struct driver *driver, CUdevice device);

#endif
