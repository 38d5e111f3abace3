/* SPDX-License-Identifier: MIT */
/* See report.h. */
#include "report/report.h"
#include "base/number.h"
#include "base/version.h"
#include "policy/marker.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What a stage and a library have in common; the object is left open. */
static void format_outcome(const char *name, const struct stage_outcome *outcome, struct text *text)
{
    static const char results[][8] = {"omitted", "ok", "failed", "skipped"};
    text_format(text, "{\"name\": \"%s\", \"ms\": ", name);
    text_decimal_ms(text, outcome->ns, 3);
    text_format(text, ", \"result\": \"%s\", \"error\": ", results[outcome->result]);
    text_json(text, outcome->error_name);
}

static void format_libraries(const struct stage_outcome *libraries, struct text *text)
{
    const char *separator = "";
    text_format(text, ", \"libraries\": [");
    for (unsigned library = 0; library < LIBRARY_COUNT; library++) {
        if (libraries[library].result == STAGE_OMITTED)
            continue;
        text_format(text, "%s\n          ", separator);
        format_outcome(library_name(library), &libraries[library], text);
        text_format(text, "}");
        separator = ",";
    }
    text_format(text, "]");
}

static void format_stages(const struct warmth *warmth, unsigned device, struct text *text)
{
    const char *separator = "";
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        const struct stage_outcome *outcome = &warmth->stages[device][stage];
        if (outcome->result == STAGE_OMITTED)
            continue;
        text_format(text, "%s\n        ", separator);
        format_outcome(stage_name((enum stage)stage), outcome, text);
        if (stage == STAGE_prefetch)
            text_format(text, ", \"bytes\": %llu", outcome->bytes);
        if (stage == STAGE_libraries)
            format_libraries(warmth->libraries[device], text);
        text_format(text, "}");
        separator = ",";
    }
}

static void format_device(const struct warmth *warmth, unsigned index, struct text *text)
{
    const struct device *device = &warmth->devices[index];
    bool reached = device->ordinal >= 0;
    text_format(text, "\n    {\"ordinal\": ");
    if (reached)
        text_format(text, "%d", device->ordinal);
    else
        text_json(text, NULL);
    text_format(text, ", \"uuid\": ");
    text_json(text, device->uuid[0] ? device->uuid : NULL);
    text_format(text, ", \"name\": ");
    text_json(text, device->name[0] ? device->name : NULL);
    text_format(text, ", \"stages\": [");
    format_stages(warmth, index, text);
    text_format(text, "\n      ]}");
}

void report_format(const struct report *report, struct text *text)
{
    const struct warmth *warmth = report->warmth;
    char program[256]; /* NAME_MAX and a NUL: argv[0] may be anything */
    snprintf(program, sizeof program, "%s", report->program);
    text_format(text, "{\n  \"version\": \"%s\",\n  \"pid\": %d,\n  \"start\": %llu,\n  \"program\": ", GPUWARM_VERSION,
                getpid(), marker_start_of(getpid()));
    text_json(text, program);
    text_format(text, ",\n  \"trigger\": ");
    text_json(text, report->trigger);
    text_format(text, ",\n  \"result\": \"%s\",\n  \"reason\": ",
                warmth            ? warm_result_name(warmth->result)
                : report->waiting ? "waiting"
                                  : warm_result_name(WARM_SKIPPED));
    text_json(text, report->reason);
    text_format(text, ",\n  \"detail\": ");
    text_json(text, report->detail);
    text_format(text, ",\n  \"late\": %s,\n  \"forked_after\": %u,\n  \"ppid\": %d,\n  \"total_ms\": ",
                report->late ? "true" : "false", report->forked_after, getppid());
    text_decimal_ms(text, warmth ? warmth->ns : 0, 3);
    text_format(text, ",\n  \"devices\": [");
    for (unsigned i = 0; warmth && i < warmth->count; i++) {
        text_format(text, i ? "," : "");
        format_device(warmth, i, text);
    }
    text_format(text, "%s]\n}\n", warmth ? "\n  " : "");
}

struct report_writer report_writer(const char *text)
{
    const char *pid = strstr(text, "\"pid\": "), *start = strstr(text, "\"start\": ");
    return (struct report_writer){pid ? (long)number_read(pid + 7, 10, NULL) : 0,
                                  start ? number_read(start + 9, 10, NULL) : 0};
}

/* Is the process alive, and not another one that was given its pid since? */
static bool is_alive(const struct report_writer *writer)
{
    if (syscall(SYS_kill, writer->pid, 0) != 0 && errno != EPERM)
        return false;
    unsigned long long start = marker_start_of(writer->pid);
    return !start || start == writer->start;
}

/*
 * Is there a report in that regular file by another process (`alive`: one that is)? Not where somebody else may have
 * put it.
 */
static bool is_of_another(const struct path *path, bool alive)
{
    char text[512];
    int fd = path_open(path, path->name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t length = fd >= 0 && path_trusts(path, fd) ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[length > 0 ? length : 0] = '\0';
    struct report_writer writer = report_writer(text);
    return writer.pid > 0 && writer.pid != getpid() && (!alive || is_alive(&writer));
}

/* Closes the descriptor. */
static const char *write_fd(int fd, const struct text *text)
{
    const char *problem = file_write(fd, text->data, text->length) ? NULL : strerror(errno);
    close(fd);
    return problem;
}

static const char *write_directly(const struct path *path, const struct identity *named, const struct text *text)
{
    int fd;
    const char *problem = file_open(path, named, false, &fd);
    return problem ? problem : write_fd(fd, text);
}

static int name_remove(const struct path *path, const char *name)
{
    return (int)syscall(SYS_unlinkat, path->directory, name, 0);
}

/*
 * A name that is taken is no file of ours, and may be a link to one. It is removed and not written to: mostly it is
 * left over from a process with our pid that was killed (in a container pids are soon reused).
 */
static int temporary_open(const struct path *path, const char *name)
{
    enum { FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW };
    int fd = path_open(path, name, FLAGS);
    return fd < 0 && errno == EEXIST && name_remove(path, name) == 0 ? path_open(path, name, FLAGS) : fd;
}

/* The name stands for a regular file, or for nothing yet. Whatever it stands for by now, only the name is replaced. */
static const char *write_renamed(const struct path *path, const struct text *text)
{
    char temporary[sizeof path->name];
    struct text name = text_in(temporary, sizeof temporary);
    text_format(&name, "%s.%d.tmp", path->name, getpid());
    if (name.truncated)
        return strerror(ENAMETOOLONG);
    int fd = temporary_open(path, temporary);
    if (fd < 0)
        return strerror(errno);
    const char *problem = write_fd(fd, text);
    if (!problem && syscall(SYS_renameat, path->directory, temporary, path->directory, path->name) != 0)
        problem = strerror(errno);
    if (problem)
        name_remove(path, temporary);
    return problem;
}

static const char *write_path(const struct path *path, const struct identity *named, const struct report *report,
                              const struct text *text)
{
    bool replaces = report->warmth && report->warmth->result != WARM_SKIPPED;
    struct stat status;
    if (path->descriptor)
        return write_directly(path, named, text);
    if (path_status(path, false, &status)) {
        if (!S_ISREG(status.st_mode))
            return write_directly(path, named, text);
        if (!replaces && is_of_another(path, !report->ends))
            return NULL;
    } else if (errno != ENOENT) {
        return strerror(errno);
    }
    return write_renamed(path, text);
}

const char *report_write(const struct report *report, const char *pattern, const struct identity *named)
{
    enum { TEXT_BYTES = 128 * 1024 };
    char where[PATH_MAX];
    struct path path;
    if (!file_path(pattern, where, sizeof where))
        return strerror(ENAMETOOLONG);
    const char *problem = path_find(where, &path);
    if (problem)
        return problem;
    char *buffer = mmap(NULL, TEXT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffer == MAP_FAILED) {
        problem = strerror(errno);
    } else {
        struct text text = text_in(buffer, TEXT_BYTES);
        report_format(report, &text);
        problem = text.truncated ? strerror(EMSGSIZE) : write_path(&path, named, report, &text);
        munmap(buffer, TEXT_BYTES);
    }
    path_close(&path);
    return problem;
}
