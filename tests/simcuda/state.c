/* SPDX-License-Identifier: MIT */
/*
 * cuInit and what hangs on it: the devices that CUDA_VISIBLE_DEVICES leaves visible (read once, here), the process
 * that initialised (a forked child of it is refused everything), and the end of the process (after the driver's exit
 * handlers every call is refused as deinitialised).
 */
#include "simcuda.h"
#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

pthread_mutex_t simcuda_lock = PTHREAD_MUTEX_INITIALIZER;

/* Held over the whole of cuInit, its getenv and dlopen included, as in the real driver. */
static pthread_mutex_t init_lock = PTHREAD_MUTEX_INITIALIZER;
static pid_t initialised_pid;
static bool initialised, deinitialised;
static unsigned visible[SIMCUDA_DEVICES_MAX], visible_count;

bool simcuda_is_initialised(void)
{
    return initialised;
}

CUresult simcuda_state(void)
{
    if (deinitialised)
        return SIM_CUDA_ERROR_DEINITIALIZED;
    if (initialised && initialised_pid != getpid())
        return SIM_CUDA_ERROR_NOT_INITIALIZED;
    if (initialised && !simcuda_resident_intact())
        return SIM_CUDA_ERROR_OPERATING_SYSTEM;
    return CUDA_SUCCESS;
}

unsigned simcuda_visible_count(void)
{
    return visible_count;
}

bool simcuda_device_valid(CUdevice device)
{
    return device >= 0 && (unsigned)device < visible_count;
}

unsigned simcuda_visible_device(CUdevice device)
{
    return visible[device];
}

/* The physical device that one entry of CUDA_VISIBLE_DEVICES names, or -1: an index, or a GPU-/MIG- UUID prefix. */
static int visible_entry(const char *entry, size_t length)
{
    const struct settings *settings = simcuda_settings();
    if (length && isdigit((unsigned char)entry[0])) {
        unsigned long index = strtoul(entry, NULL, 10);
        return index < settings->devices ? (int)index : -1;
    }
    bool mig = length > 4 && strncasecmp(entry, "MIG-", 4) == 0;
    if (length <= 4 || (!mig && strncasecmp(entry, "GPU-", 4) != 0))
        return -1;
    for (unsigned physical = 0; physical < settings->devices; physical++) {
        CUuuid uuid;
        simcuda_device_uuid(physical, mig, &uuid);
        char text[40];
        size_t used = 0;
        for (int i = 0; i < 16; i++)
            used += (size_t)snprintf(text + used, sizeof text - used,
                                     i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
                                     (unsigned char)uuid.bytes[i]);
        if (length - 4 <= used && strncasecmp(entry + 4, text, length - 4) == 0)
            return (int)physical;
    }
    return -1;
}

/* As the CUDA documentation has it: devices up to the first entry that names none. */
static void visible_read(const char *value)
{
    visible_count = 0;
    if (!value) {
        while (visible_count < simcuda_settings()->devices) {
            visible[visible_count] = visible_count;
            visible_count++;
        }
        return;
    }
    while (*value && visible_count < SIMCUDA_DEVICES_MAX) {
        size_t length = strcspn(value, ",");
        int physical = visible_entry(value, length);
        if (physical < 0)
            return;
        visible[visible_count++] = (unsigned)physical;
        value += length + (value[length] == ',');
    }
}

static void state_exit(void)
{
    deinitialised = true;
}

SIMULATED(cuInit, NEED_NOTHING, SIMCUDA_NO_DEVICE, (unsigned int flags), (flags))
{
    if (flags)
        return SIM_CUDA_ERROR_INVALID_VALUE;
    pthread_mutex_lock(&init_lock);
    CUresult result = simcuda_state();
    if (!result && !initialised) {
        simcuda_effort(call);
        visible_read(getenv("CUDA_VISIBLE_DEVICES"));
        void *helper = dlopen("libdl.so.2", RTLD_NOW | RTLD_LOCAL);
        if (helper)
            dlclose(helper);
        if (visible_count == 0)
            result = SIM_CUDA_ERROR_NO_DEVICE;
        else if (!simcuda_resident_start())
            result = SIM_CUDA_ERROR_OPERATING_SYSTEM;
        else {
            initialised_pid = getpid();
            initialised = true;
            atexit(state_exit);
        }
    }
    pthread_mutex_unlock(&init_lock);
    simcuda_call_detail(call, "visible=%u", visible_count);
    return result;
}

SIMULATED(cuDriverGetVersion, NEED_NOTHING, SIMCUDA_NO_DEVICE, (int *version), (version))
{
    (void)call;
    *version = simcuda_version;
    return CUDA_SUCCESS;
}
