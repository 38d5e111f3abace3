/* SPDX-License-Identifier: MIT */
/* See device.h. */
#include "cuda/device.h"
#include <string.h>

/* The UUIDs of a device: the GPU's, and that of the MIG instance where it is one. */
struct uuids {
    bool known, mig;
    CUuuid gpu, instance;
};

/* The newer call tells the instance where there is one, else the GPU (CUDA Driver API, cuDeviceGetUuid_v2). */
static struct uuids device_uuids(const struct driver *driver, CUdevice device)
{
    struct uuids uuids = {.known = false};
    bool older = DRIVER_CALL(driver, cuDeviceGetUuid, &uuids.gpu, device) == CUDA_SUCCESS;
    bool newer = DRIVER_CALL(driver, cuDeviceGetUuid_v2, &uuids.instance, device) == CUDA_SUCCESS;
    if (newer && !older)
        uuids.gpu = uuids.instance;
    uuids.known = older || newer;
    uuids.mig = older && newer && memcmp(&uuids.gpu, &uuids.instance, sizeof uuids.gpu) != 0;
    return uuids;
}

/* What the driver says of one ordinal; a name or UUID that it does not give stays empty. */
static bool device_describe(const struct driver *driver, int ordinal, struct device *device,
                            struct stage_outcome *outcome)
{
    *device = (struct device){.ordinal = ordinal};
    if (!DRIVER_TRY(outcome, driver, cuDeviceGet, &device->handle, ordinal))
        return false;
    if (DRIVER_CALL(driver, cuDeviceGetName, device->name, sizeof device->name, device->handle) != CUDA_SUCCESS)
        device->name[0] = '\0';
    device->name[sizeof device->name - 1] = '\0';
    const struct uuids uuids = device_uuids(driver, device->handle);
    if (uuids.known)
        device_uuid_format((const unsigned char *)(uuids.mig ? &uuids.instance : &uuids.gpu)->bytes, uuids.mig,
                           device->uuid);
    return true;
}

static int ordinal_by_bus_id(const struct driver *driver, const char *bus_id, int count)
{
    CUdevice wanted, device;
    if (DRIVER_CALL(driver, cuDeviceGetByPCIBusId, &wanted, bus_id) != CUDA_SUCCESS)
        return -1;
    for (int ordinal = 0; ordinal < count; ordinal++)
        if (DRIVER_CALL(driver, cuDeviceGet, &device, ordinal) == CUDA_SUCCESS && device == wanted)
            return ordinal;
    return -1;
}

/* The device whose UUID begins as written; -1: none, -2: several. GPU- and the GPU's UUID name a MIG device too. */
static int ordinal_by_uuid(const struct driver *driver, const char *written, int count)
{
    int found = -1;
    bool mig = written[0] == 'M' || written[0] == 'm';
    for (int ordinal = 0; ordinal < count; ordinal++) {
        CUdevice device;
        if (DRIVER_CALL(driver, cuDeviceGet, &device, ordinal) != CUDA_SUCCESS)
            continue;
        const struct uuids uuids = device_uuids(driver, device);
        const CUuuid *uuid = mig ? &uuids.instance : &uuids.gpu;
        if ((mig ? uuids.mig : uuids.known) && device_uuid_matches((const unsigned char *)uuid->bytes, written))
            found = found == -1 ? ordinal : -2;
    }
    return found;
}

static int spec_ordinal(const struct driver *driver, const struct device_spec *spec, int count, struct text *missing)
{
    int ordinal = spec->form == DEVICE_ORDINAL ? (spec->ordinal < count ? spec->ordinal : -1)
                  : spec->form == DEVICE_UUID  ? ordinal_by_uuid(driver, spec->text, count)
                                               : ordinal_by_bus_id(driver, spec->text, count);
    if (ordinal < 0)
        text_format(missing, "%s%s%s", missing->length ? ", " : "", spec->text,
                    ordinal == -2 ? " (fits several devices)" : "");
    return ordinal;
}

bool device_in_use(const struct driver *driver, CUdevice device)
{
    unsigned flags;
    int active = 0;
    return DRIVER_CALL(driver, cuDevicePrimaryCtxGetState, device, &flags, &active) == CUDA_SUCCESS && active;
}

/*
 * Which device a program uses: one on which it has a primary context already, where it made one before it came to
 * serve, the local rank's before others; else the local rank's, or the first. (Slurm gives every single process rank
 * 0.)
 */
static int ordinal_auto(const struct driver *driver, int count, int rank)
{
    int first = rank >= 0 ? rank % count : 0;
    for (int i = 0; count > 1 && i < count; i++) {
        int ordinal = (first + i) % count;
        CUdevice device;
        if (DRIVER_CALL(driver, cuDeviceGet, &device, ordinal) == CUDA_SUCCESS && device_in_use(driver, device))
            return ordinal;
    }
    return first;
}

static bool is_among(const struct device *devices, unsigned count, int ordinal)
{
    while (count > 0)
        if (devices[--count].ordinal == ordinal)
            return true;
    return false;
}

unsigned device_resolve(const struct driver *driver, const struct device_list *list, int rank, struct device *devices,
                        int *visible, struct text *missing, struct stage_outcome *outcome)
{
    int count = 0;
    unsigned found = 0;
    if (!DRIVER_TRY(outcome, driver, cuDeviceGetCount, &count))
        return 0;
    if (count <= 0) {
        stage_succeeded(outcome, "cuDeviceGetCount", CUDA_ERROR_NO_DEVICE);
        return 0;
    }
    *visible = count;
    unsigned wanted = list->mode == DEVICE_LISTED ? list->count : list->mode == DEVICE_ALL ? (unsigned)count : 1;
    for (unsigned i = 0; i < wanted && found < DEVICES_MAX; i++) {
        int ordinal = list->mode == DEVICE_LISTED ? spec_ordinal(driver, &list->specs[i], count, missing)
                      : list->mode == DEVICE_ALL  ? (int)i
                                                  : ordinal_auto(driver, count, rank);
        if (ordinal >= 0 && !is_among(devices, found, ordinal) &&
            device_describe(driver, ordinal, &devices[found], outcome))
            found++;
    }
    if (missing->length)
        text_format(missing, ": not among the %d that the program sees", count);
    return found;
}

bool device_is_exclusive(const struct driver *driver, const struct device *device)
{
    int mode = CU_COMPUTEMODE_DEFAULT;
    DRIVER_CALL(driver, cuDeviceGetAttribute, &mode, CU_DEVICE_ATTRIBUTE_COMPUTE_MODE, device->handle);
    return mode == CU_COMPUTEMODE_EXCLUSIVE_PROCESS && !device_in_use(driver, device->handle);
}
