/* SPDX-License-Identifier: MIT */
/* See log.h. */
#include "base/log.h"
#include "base/text.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A control character: C0, DEL, or C1 in UTF-8, which terminals obey too. */
static bool is_control(const char *c)
{
    unsigned char first = (unsigned char)c[0], second = (unsigned char)c[1];
    return first < 0x20 || first == 0x7f || (first == 0xc2 && second < 0xa0);
}

static bool line_write(int fd, const char *message)
{
    char line[1024];
    struct text text = text_in(line, sizeof line - 1);
    text_format(&text, "gpuwarm[%d] %s", getpid(), message);
    for (size_t i = 0, length; i < text.length; i += length ? length : 1) {
        length = text_utf8_length(line + i);
        if (!length || is_control(line + i))
            line[i] = '?';
    }
    line[text.length] = '\n';
    return file_write(fd, line, text.length + 1);
}

static bool line_append(const struct log *log, const char *message)
{
    char text[PATH_MAX];
    struct path path;
    int fd;
    if (!file_path(log->file, text, sizeof text) || path_find(text, &path))
        return false;
    const char *problem = file_open(&path, &log->named, true, &fd);
    path_close(&path);
    if (problem)
        return false;
    bool written = line_write(fd, message);
    close(fd);
    return written;
}

void log_start(struct log *log, enum log_level level, const char *file, bool late)
{
    *log = (struct log){.level = level, .file = file};
    if (level == LOG_OFF || late)
        return;
    log->named = file_named(file);
    /* What would be closed by exec did not come through it: a library's constructor, which ran before, opened it. */
    if (syscall(SYS_fcntl, STDERR_FILENO, F_GETFD) == 0)
        log->standard_error = file_identity(STDERR_FILENO);
}

bool log_write(const struct log *log, enum log_level level, const char *format, ...)
{
    if (level > log->level)
        return false;
    char message[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (log->file && line_append(log, message))
        return true;
    return file_is(STDERR_FILENO, &log->standard_error) && line_write(STDERR_FILENO, message);
}
