/* SPDX-License-Identifier: MIT */
/*
 * The program that GCC offloads: it looks for devices, moves an array to one and back, and doubles it there. What is
 * someone else's is everything below it: the compiler, libgomp and its plugin for nvptx, which opens the driver with
 * dlopen. Its output is the same in every run and tells where the array was: a GPU gives it back doubled, the simulated
 * driver, which runs no kernel, as it was, and a host that has no other copy of it as zeroes.
 */
#include <stdio.h>

#pragma GCC diagnostic ignored "-Wunknown-pragmas" /* for checks that are made without -fopenmp */

/* Of <omp.h>, which other compilers than GCC do not have. */
int omp_get_num_devices(void);
int omp_get_default_device(void);
int omp_get_initial_device(void);
void *omp_target_alloc(size_t bytes, int device);
void omp_target_free(void *memory, int device);
int omp_target_memcpy(void *to, const void *from, size_t bytes, size_t to_offset, size_t from_offset, int to_device,
                      int from_device);

enum { COUNT = 4096 };
static int values[COUNT];

static long values_sum(void)
{
    long sum = 0;
    for (int i = 0; i < COUNT; i++)
        sum += values[i];
    return sum;
}

/* Whether the array comes back from memory of the device that was allocated for it by hand. */
static int copy_works(int device, int host)
{
    int back[COUNT] = {0}, same = 1;
    void *memory = omp_target_alloc(sizeof values, device);
    if (!memory)
        return 0;
    int failed = omp_target_memcpy(memory, values, sizeof values, 0, 0, device, host) |
                 omp_target_memcpy(back, memory, sizeof back, 0, 0, host, device);
    omp_target_free(memory, device);
    for (int i = 0; i < COUNT; i++)
        same &= back[i] == values[i];
    return !failed && same;
}

int main(void)
{
    for (int i = 0; i < COUNT; i++)
        values[i] = i;
    printf("devices %d, default %d, sum %ld\n", omp_get_num_devices(), omp_get_default_device(), values_sum());
    printf("copied by hand: %s\n", copy_works(omp_get_default_device(), omp_get_initial_device()) ? "same" : "lost");
#pragma omp target enter data map(to : values)
#pragma omp target map(tofrom : values)
    for (int i = 0; i < COUNT; i++)
        values[i] *= 2;
    for (int i = 0; i < COUNT; i++)
        values[i] = 0;
#pragma omp target exit data map(from : values)
    printf("sum after the region %ld\n", values_sum());
    return 5;
}
