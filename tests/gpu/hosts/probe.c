/* SPDX-License-Identifier: MIT */
/*
 * Says, as one line of JSON, which libcuda.so.1 the loader gives to a program in this environment and which GPUs it
 * shows: what the kit asks before anything else, so that nothing is measured on another driver than was meant. Not
 * linked with a driver library: there may be none.
 *
 *     {"library":"PATH","version":13000,"problem":"","devices":[{"name":"...","uuid":"GPU-...","capability":"9.0",
 *      "bytes":N}]}
 */
#include "cuda/cuda_abi.h"
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

enum { DEVICES_MAX = 64, CAPABILITY_MAJOR = 75, CAPABILITY_MINOR = 76 };

static void *library;

static void *symbol(const char *name)
{
    void *function = dlsym(library, name);
    if (!function)
        fprintf(stderr, "probe: no %s\n", name);
    return function;
}

/* A driver function of this type, or NULL. */
#define FUNCTION(name, ...) ((CUresult(*)(__VA_ARGS__))symbol(#name))

static void print_text(const char *key, const char *text)
{
    printf("\"%s\":\"", key);
    for (; *text; text++)
        if ((unsigned char)*text >= 0x20 && *text != '"' && *text != '\\')
            putchar(*text);
    putchar('"');
}

static void print_uuid(CUdevice device)
{
    CUuuid uuid;
    CUresult (*function)(CUuuid *, CUdevice) = FUNCTION(cuDeviceGetUuid, CUuuid *, CUdevice);
    if (!function || function(&uuid, device) != CUDA_SUCCESS)
        return;
    printf(",\"uuid\":\"GPU-");
    for (int i = 0; i < 16; i++)
        printf("%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", (unsigned char)uuid.bytes[i]);
    putchar('"');
}

static int attribute(int which, CUdevice device)
{
    int value = 0;
    CUresult (*function)(int *, CUdevice_attribute, CUdevice) =
        FUNCTION(cuDeviceGetAttribute, int *, CUdevice_attribute, CUdevice);
    return function && function(&value, which, device) == CUDA_SUCCESS ? value : 0;
}

static void print_device(CUdevice device)
{
    char name[128] = "";
    size_t bytes = 0;
    CUresult (*get_name)(char *, int, CUdevice) = FUNCTION(cuDeviceGetName, char *, int, CUdevice);
    CUresult (*get_bytes)(size_t *, CUdevice) = FUNCTION(cuDeviceTotalMem_v2, size_t *, CUdevice);
    if (get_name && get_name(name, sizeof name - 1, device) != CUDA_SUCCESS)
        name[0] = '\0';
    if (get_bytes && get_bytes(&bytes, device) != CUDA_SUCCESS)
        bytes = 0;
    printf("%s{", device ? "," : "");
    print_text("name", name);
    print_uuid(device);
    printf(",\"capability\":\"%d.%d\",\"bytes\":%zu}", attribute(CAPABILITY_MAJOR, device),
           attribute(CAPABILITY_MINOR, device), bytes);
}

/* What kept the GPUs from being counted, or NULL. */
static const char *devices_count(int *count)
{
    static char problem[64];
    CUresult (*init)(unsigned int) = FUNCTION(cuInit, unsigned int);
    CUresult (*get_count)(int *) = FUNCTION(cuDeviceGetCount, int *);
    if (!init || !get_count)
        return "it is no CUDA driver library";
    CUresult result = init(0);
    if (result == CUDA_SUCCESS)
        result = get_count(count);
    snprintf(problem, sizeof problem, "cuInit gave %d", result);
    return result == CUDA_SUCCESS ? NULL : problem;
}

int main(void)
{
    struct link_map *map = NULL;
    int version = 0, count = 0;
    library = dlopen("libcuda.so.1", RTLD_NOW);
    const char *problem = library ? devices_count(&count) : dlerror();
    if (library)
        dlinfo(library, RTLD_DI_LINKMAP, &map);
    CUresult (*get_version)(int *) = library ? FUNCTION(cuDriverGetVersion, int *) : NULL;
    if (get_version && get_version(&version) != CUDA_SUCCESS)
        version = 0;
    putchar('{');
    print_text("library", map ? map->l_name : "");
    printf(",\"version\":%d,", version);
    print_text("problem", problem ? problem : "");
    printf(",\"devices\":[");
    for (int i = 0; i < count && i < DEVICES_MAX; i++)
        print_device(i);
    puts("]}");
    return 0;
}
