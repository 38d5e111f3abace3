/* SPDX-License-Identifier: MIT */
/* See prefetch.h. */
#include "cuda/prefetch.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/proc.h"
#include "base/text.h"
#include "elf/library_file.h"
#include "elf/soname.h"
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The driver, and its compiler of PTX, which the first load of a module opens. */
static const char driver_files[][32] = {"libcuda.so.1", "libnvidia-ptxjitcompiler.so.1"};

/* Paths one after the other, each with its NUL. */
struct paths {
    char bytes[16384];
    size_t used;
    bool driver; /* the driver itself is among them */
};

struct reading {
    unsigned long long left; /* bytes that may still be asked for */
    struct stage_outcome *outcome;
};

/* ---- how much -------------------------------------------------------------------------------------------------------
 */

unsigned long long prefetch_meminfo(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            return number_read(line + length + 1 + strspn(line + length + 1, " \t"), 10, NULL) * 1024;
    }
    return 0;
}

static unsigned long long number_or(const char *text, unsigned long long otherwise)
{
    const char *end;
    unsigned long long number = number_read(text, 10, &end);
    return end > text ? number : otherwise;
}

unsigned long long prefetch_budget(const char *meminfo, const char *most, const char *used)
{
    unsigned long long available = prefetch_meminfo(meminfo, "MemAvailable"), limit = number_or(most, ULLONG_MAX);
    unsigned long long taken = number_or(used, 0), left = taken < limit ? limit - taken : 0;
    return (limit != ULLONG_MAX && left < available ? left : available) / 2;
}

/* A file of the process's own control group; `group` is its path, up to the end of the line. */
static void group_read(const char *group, const char *name, char *text, size_t size)
{
    char path[PATH_MAX];
    struct text built = text_in(path, sizeof path);
    text_format(&built, "/sys/fs/cgroup%.*s/%s", (int)strcspn(group, "\n"), group, name);
    proc_read(path, text, size);
}

static unsigned long long budget(void)
{
    char meminfo[4096], groups[4096], most[32] = "", used[32] = "";
    proc_read("/proc/meminfo", meminfo, sizeof meminfo);
    proc_read("/proc/self/cgroup", groups, sizeof groups);
    const char *group = strncmp(groups, "0::", 3) == 0 ? groups : strstr(groups, "\n0::");
    if (group) {
        group = strchr(group, '/') ? strchr(group, '/') : "";
        group_read(group, "memory.max", most, sizeof most);
        group_read(group, "memory.current", used, sizeof used);
    }
    return prefetch_budget(meminfo, most, used);
}

/* ---- which ----------------------------------------------------------------------------------------------------------
 */

static bool path_add(struct paths *paths, const char *path)
{
    size_t size = strlen(path) + 1;
    if (size > sizeof paths->bytes - paths->used)
        return false;
    memcpy(paths->bytes + paths->used, path, size);
    paths->used += size;
    return true;
}

static bool path_collect(const struct link_map *object, const char *path, bool may_go, void *argument)
{
    struct paths *paths = argument;
    const char *name = text_base_name(path);
    (void)object, (void)may_go;
    if (soname_has(name, SONAME_CUDA) && path_add(paths, path))
        paths->driver |= strcmp(name, driver_files[0]) == 0;
    return true;
}

static void driver_add(struct paths *paths, const char *library_path)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof driver_files / sizeof *driver_files; i++)
        if (library_file_find(library_path, driver_files[i], path, sizeof path) != LIBRARY_NOWHERE)
            path_add(paths, path);
}

/* ---- reading --------------------------------------------------------------------------------------------------------
 */

/*
 * Is the byte there in the page cache? Asked without waiting for it; a kernel before 4.14 cannot say. The question
 * itself starts a read of what is not there, and a fast disk is done before the answer: one that took longer than a
 * copy (3 us, where a read took 60 and more) is no.
 */
static bool is_cached(int fd, off_t at)
{
    enum { COPY_NS = 20000 };
    char byte;
    struct iovec piece = {&byte, 1};
    long long start = clock_ns();
    return syscall(SYS_preadv2, fd, &piece, 1, (long)at, 0L, RWF_NOWAIT) == 1 && clock_ns() - start < COPY_NS;
}

/*
 * In pieces of the default readahead: of a longer range the kernel reads no more than it would at once (mm/readahead.c,
 * since 4.10; seen to stop after 8 MiB of 16). A block of which the first and the last piece are there is taken to be
 * there, since asking costs nearly as much where nothing is to be read.
 */
static unsigned long long range_prefetch(int fd, off_t size)
{
    enum { PIECE_BYTES = 128 << 10, BLOCK_BYTES = 16 * PIECE_BYTES };
    unsigned long long asked = 0;
    for (off_t block = 0; block < size; block += BLOCK_BYTES) {
        off_t end = size - block < BLOCK_BYTES ? size : block + BLOCK_BYTES;
        if (is_cached(fd, block) && is_cached(fd, end - 1))
            continue;
        for (off_t at = block; at < end; at += PIECE_BYTES)
            syscall(SYS_fadvise64, fd, at, end - at < PIECE_BYTES ? end - at : PIECE_BYTES, POSIX_FADV_WILLNEED);
        asked += (unsigned long long)(end - block);
    }
    return asked;
}

static void file_prefetch(struct reading *reading, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    off_t size = fd >= 0 ? syscall(SYS_lseek, fd, 0L, SEEK_END) : 0;
    if (size > 0 && (unsigned long long)size <= reading->left) {
        unsigned long long asked = range_prefetch(fd, size);
        reading->left -= asked;
        reading->outcome->bytes += asked;
    }
    if (fd >= 0)
        close(fd);
}

void stage_prefetch(bool driver, const char *library_path, const struct loaded *loaded, struct stage_outcome *outcome)
{
    long long start = clock_ns();
    struct paths paths = {.used = 0}, found = {.used = 0};
    struct reading reading = {budget(), outcome};
    loaded_walk(loaded, path_collect, &found);
    if (driver && !found.driver)
        driver_add(&paths, library_path);
    for (size_t at = 0; at < paths.used; at += strlen(paths.bytes + at) + 1)
        file_prefetch(&reading, paths.bytes + at);
    for (size_t at = 0; at < found.used; at += strlen(found.bytes + at) + 1)
        file_prefetch(&reading, found.bytes + at);
    outcome->ns += clock_ns() - start;
    outcome->result = STAGE_OK;
}
