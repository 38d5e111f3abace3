/* SPDX-License-Identifier: MIT */
/* See unlocked.h. */
#include "unlocked.h"
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* How many of the bytes there are. */
static ssize_t memory_read(const void *from, void *to, size_t size)
{
    struct iovec here = {to, size}, there = {(void *)from, size};
    return syscall(SYS_process_vm_readv, getpid(), &here, 1UL, &there, 1UL, 0UL);
}

static bool object_read(const struct link_map *from, bool alone, struct link_map *object)
{
    if (!alone)
        return memory_read(from, object, sizeof *object) == sizeof *object;
    *object = *from;
    return true;
}

static const char *path_read(const char *from, bool alone, char *path, size_t size)
{
    ssize_t length = alone ? 0 : memory_read(from, path, size - 1);
    path[length > 0 ? length : 0] = '\0';
    return alone && from ? from : path;
}

const struct link_map *unlocked_walk(const struct link_map *objects, bool alone, unlocked_visit *visit, void *argument)
{
    enum { OBJECTS_MAX = 4096 }; /* of a list that is changed meanwhile and may have become a ring */
    const struct link_map *last = objects;
    struct link_map object;
    char path[512];
    for (int i = 0; i < OBJECTS_MAX && objects && object_read(objects, alone, &object); i++) {
        last = objects;
        if (!visit(object.l_addr, path_read(object.l_name, alone, path, sizeof path), argument))
            break;
        objects = object.l_next;
    }
    return last;
}

bool unlocked_is_last(const struct link_map *object)
{
    struct link_map read;
    return object_read(object, false, &read) && !read.l_next;
}
