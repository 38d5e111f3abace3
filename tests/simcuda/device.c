/* SPDX-License-Identifier: MIT */
/* The devices: their number, names, identifiers and attributes. What is made up is named as simulated. */
#include "simcuda.h"
#include <stdio.h>
#include <string.h>

const size_t SIMCUDA_MEMORY_BYTES = (size_t)16 << 30;

/* A fixed pattern in which the first four bytes differ between devices, so that prefixes are unique. */
void simcuda_device_uuid(unsigned physical, bool mig, CUuuid *uuid)
{
    for (unsigned i = 0; i < sizeof uuid->bytes; i++)
        uuid->bytes[i] = (char)(0x51 + 0x11 * i + (i < 4 ? physical * (0x1f + i) : 0) + (mig ? 0x80 : 0));
}

SIMULATED(cuDeviceGetCount, NEED_INIT, SIMCUDA_NO_DEVICE, (int *count), (count))
{
    (void)call;
    *count = (int)simcuda_visible_count();
    return CUDA_SUCCESS;
}

SIMULATED(cuDeviceGet, NEED_INIT, SIMCUDA_NO_DEVICE, (CUdevice * device, int ordinal), (device, ordinal))
{
    simcuda_call_detail(call, "ordinal=%d", ordinal);
    if (!simcuda_device_valid(ordinal))
        return SIM_CUDA_ERROR_INVALID_DEVICE;
    *device = ordinal;
    return CUDA_SUCCESS;
}

SIMULATED(cuDeviceGetName, NEED_INIT, device, (char *name, int size, CUdevice device), (name, size, device))
{
    (void)call;
    if (!simcuda_device_valid(device) || size <= 0)
        return SIM_CUDA_ERROR_INVALID_VALUE;
    snprintf(name, (size_t)size, "Simulated GPU %u", simcuda_visible_device(device));
    return CUDA_SUCCESS;
}

static CUresult device_uuid(CUuuid *uuid, CUdevice device, bool mig)
{
    if (!simcuda_device_valid(device))
        return SIM_CUDA_ERROR_INVALID_DEVICE;
    simcuda_device_uuid(simcuda_visible_device(device), mig, uuid);
    return CUDA_SUCCESS;
}

SIMULATED(cuDeviceGetUuid, NEED_INIT, device, (CUuuid * uuid, CUdevice device), (uuid, device))
{
    (void)call;
    return device_uuid(uuid, device, false);
}

SIMULATED(cuDeviceGetUuid_v2, NEED_INIT, device, (CUuuid * uuid, CUdevice device), (uuid, device))
{
    (void)call;
    return device_uuid(uuid, device, simcuda_settings()->mig);
}

/* Attributes that programs look at before they do anything (CUdevice_attribute); all others read 0. */
static int device_attribute(CUdevice_attribute attribute, unsigned physical)
{
    switch (attribute) {
    case 1: /* MAX_THREADS_PER_BLOCK */
    case 2: /* MAX_BLOCK_DIM_X */
    case 3: /* MAX_BLOCK_DIM_Y */
        return 1024;
    case 4: /* MAX_BLOCK_DIM_Z */
        return 64;
    case 5: /* MAX_GRID_DIM_X */
        return 2147483647;
    case 6: /* MAX_GRID_DIM_Y */
    case 7: /* MAX_GRID_DIM_Z */
        return 65535;
    case 8: /* MAX_SHARED_MEMORY_PER_BLOCK */
        return 49152;
    case 9: /* TOTAL_CONSTANT_MEMORY */
        return 65536;
    case 10: /* WARP_SIZE */
        return 32;
    case 12: /* MAX_REGISTERS_PER_BLOCK */
    case 82: /* MAX_REGISTERS_PER_MULTIPROCESSOR */
        return 65536;
    case 13: /* CLOCK_RATE, kHz */
        return 1000000;
    case 14: /* TEXTURE_ALIGNMENT */
        return 512;
    case 16: /* MULTIPROCESSOR_COUNT */
        return 16;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_MODE:
        return simcuda_settings()->exclusive ? CU_COMPUTEMODE_EXCLUSIVE_PROCESS : CU_COMPUTEMODE_DEFAULT;
    case 33: /* PCI_BUS_ID */
        return (int)physical + 1;
    case 39: /* MAX_THREADS_PER_MULTIPROCESSOR */
        return 2048;
    case 15: /* GPU_OVERLAP */
    case 19: /* CAN_MAP_HOST_MEMORY */
    case 31: /* CONCURRENT_KERNELS */
    case 40: /* ASYNC_ENGINE_COUNT */
    case 41: /* UNIFIED_ADDRESSING */
        return 1;
    case 75: /* COMPUTE_CAPABILITY_MAJOR */
        return 9;
    default:
        return 0;
    }
}

SIMULATED(cuDeviceGetAttribute, NEED_INIT, device, (int *value, CUdevice_attribute attribute, CUdevice device),
          (value, attribute, device))
{
    simcuda_call_detail(call, "attribute=%d", attribute);
    if (!simcuda_device_valid(device))
        return SIM_CUDA_ERROR_INVALID_DEVICE;
    *value = device_attribute(attribute, simcuda_visible_device(device));
    return CUDA_SUCCESS;
}

SIMULATED(cuDeviceComputeCapability, NEED_INIT, device, (int *major, int *minor, CUdevice device),
          (major, minor, device))
{
    (void)call;
    if (!simcuda_device_valid(device))
        return SIM_CUDA_ERROR_INVALID_DEVICE;
    *major = 9;
    *minor = 0;
    return CUDA_SUCCESS;
}

SIMULATED(cuDeviceTotalMem_v2, NEED_INIT, device, (size_t * bytes, CUdevice device), (bytes, device))
{
    (void)call;
    if (!simcuda_device_valid(device))
        return SIM_CUDA_ERROR_INVALID_DEVICE;
    *bytes = SIMCUDA_MEMORY_BYTES;
    return CUDA_SUCCESS;
}

SIMULATED(cuDeviceGetPCIBusId, NEED_INIT, device, (char *text, int size, CUdevice device), (text, size, device))
{
    (void)call;
    if (!simcuda_device_valid(device) || size < 13)
        return SIM_CUDA_ERROR_INVALID_VALUE;
    snprintf(text, (size_t)size, "0000:%02X:00.0", simcuda_visible_device(device) + 1);
    return CUDA_SUCCESS;
}

SIMULATED(cuDeviceGetByPCIBusId, NEED_INIT, SIMCUDA_NO_DEVICE, (CUdevice * device, const char *bus_id),
          (device, bus_id))
{
    simcuda_call_detail(call, "bus_id=%.32s", bus_id);
    unsigned domain = 0, bus = 0, slot = 0, function = 0;
    if (sscanf(bus_id, "%x:%x:%x.%x", &domain, &bus, &slot, &function) < 3) {
        domain = 0;
        if (sscanf(bus_id, "%x:%x.%x", &bus, &slot, &function) < 2)
            return SIM_CUDA_ERROR_INVALID_VALUE;
    }
    for (unsigned i = 0; i < simcuda_visible_count(); i++)
        if (domain == 0 && slot == 0 && function == 0 && simcuda_visible_device((CUdevice)i) + 1 == bus) {
            *device = (CUdevice)i;
            return CUDA_SUCCESS;
        }
    return SIM_CUDA_ERROR_INVALID_DEVICE;
}
