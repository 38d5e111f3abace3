/* SPDX-License-Identifier: MIT */
/*
 * Where a path leads: as the kernel has it where links may be followed (realpath(3) is asked), and nowhere else. And
 * under attack: a link that comes and goes while reports and lines are written is never followed.
 */
#include "base/path.h"
#include "base/log.h"
#include "report/report.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char folder[64];

static const char *in_folder(const char *name)
{
    static __thread char paths[8][PATH_MAX];
    static __thread unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0);
    fclose(file);
}

static void make(void)
{
    char made[] = "/tmp/gpuwarm-path-XXXXXX";
    cr_assert_not_null(mkdtemp(made));
    strcpy(folder, made);
    cr_assert_eq(mkdir(in_folder("inner"), 0755), 0);
    cr_assert_eq(mkdir(in_folder("exposed"), 0700) | chmod(in_folder("exposed"), 0777), 0);
    cr_assert_eq(mkdir(in_folder("exposed/inner"), 0755), 0);
    write_file(in_folder("inner/file"), "precious");
}

static void clean(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0); /* NOLINT(cert-env33-c) */
}

TestSuite(path, .init = make, .fini = clean);

/* The reason, or NULL. */
static const char *find(const char *text, struct path *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", text);
    return path_find(copy, path);
}

/* It is found where realpath(3) has it. */
static void expect_found(const char *text)
{
    struct path path;
    struct stat status, wanted;
    char resolved[PATH_MAX];
    const char *problem = find(text, &path);
    cr_assert_null(problem, "%s: %s", text, problem);
    cr_assert_not_null(realpath(text, resolved), "%s", text);
    cr_assert_eq(stat(resolved, &wanted), 0);
    cr_expect_str_eq(path.name, strrchr(resolved, '/') + 1, "%s", text);
    cr_expect(path_status(&path, false, &status) && status.st_ino == wanted.st_ino && status.st_dev == wanted.st_dev,
              "%s", text);
    cr_expect_gt(path.directory, 2);
    path_close(&path);
}

static void expect_problem(const char *text, const char *problem)
{
    struct path path;
    const char *given = find(text, &path);
    cr_assert_not_null(given, "%s", text);
    cr_expect_str_eq(given, problem, "%s: %s", text, given);
}

Test(path, is_found_where_the_kernel_has_it)
{
    cr_assert_eq(symlink("inner/../inner/./file", in_folder("relative")), 0);
    cr_assert_eq(symlink(in_folder("inner"), in_folder("absolute")), 0);
    cr_assert_eq(symlink("absolute/../relative", in_folder("chain")), 0);
    cr_assert_eq(symlink("../inner/file", in_folder("inner/up")), 0);
    cr_assert_eq(symlink("/proc/self/cwd", in_folder("here")), 0);
    cr_assert_eq(chdir(in_folder("inner")), 0);
    static const char *const names[] = {"inner/file", "inner//file",      "./inner/./file", "inner/../inner/file",
                                        "relative",   "absolute/file",    "chain",          "absolute/up",
                                        "here/file",  "exposed/../chain", "here/../chain"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect_found(in_folder(names[i]));
    expect_found("file");
    expect_found("../chain");
    expect_found("/../../usr/bin/env");
    expect_found("/proc/self/status");
}

Test(path, need_not_exist)
{
    struct path path;
    struct stat status;
    cr_assert_eq(symlink("inner/new", in_folder("link")), 0);
    cr_assert_null(find(in_folder("link"), &path));
    cr_expect_str_eq(path.name, "new");
    cr_expect_not(path_status(&path, false, &status));
    cr_expect_eq(errno, ENOENT);
    int fd = path_open(&path, path.name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC);
    cr_expect_geq(fd, 0);
    cr_expect_eq(access(in_folder("inner/new"), F_OK), 0);
    close(fd);
    path_close(&path);
}

Test(path, that_leads_nowhere)
{
    char text[PATH_MAX], name[NAME_MAX + 2];
    cr_assert_eq(symlink("loop", in_folder("loop")), 0);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    expect_problem(in_folder("loop"), strerror(ELOOP));
    expect_problem(in_folder("loop/file"), strerror(ELOOP));
    expect_problem(in_folder("nothing/file"), strerror(ENOENT));
    expect_problem(in_folder("inner/file/file"), strerror(ENOTDIR));
    expect_problem(in_folder("inner/"), strerror(EISDIR));
    expect_problem(in_folder("inner///"), strerror(EISDIR));
    expect_problem(in_folder("inner/file/"), strerror(ENOTDIR));
    expect_problem("/", strerror(EISDIR));
    expect_problem("", strerror(EISDIR));
    expect_problem(name, strerror(ENAMETOOLONG));
    /* A link that makes the whole too long: "long/..../file", of 4000 bytes. */
    cr_assert_eq(
        symlink(in_folder("inner/../inner/../inner/../inner/../inner/../inner/../inner/../inner"), in_folder("long")),
        0);
    size_t length = (size_t)snprintf(text, sizeof text, "%s/long", folder);
    while (length < PATH_MAX - 20)
        length += (size_t)snprintf(text + length, sizeof text - length, "/.");
    snprintf(text + length, sizeof text - length, "/file");
    expect_problem(text, strerror(ENAMETOOLONG));
}

/* As many as the kernel follows, and no more. */
Test(path, of_many_links)
{
    char name[32], target[32] = "inner/file";
    for (int i = 0; i <= 40; i++) {
        snprintf(name, sizeof name, "link%d", i);
        cr_assert_eq(symlink(target, in_folder(name)), 0);
        strcpy(target, name);
    }
    expect_found(in_folder("link39"));
    expect_problem(in_folder("link40"), strerror(ELOOP));
}

Test(path, through_a_link_in_an_exposed_directory_is_not_found)
{
    static const char why[] = "a symbolic link in a directory that others may write to";
    cr_assert_eq(symlink("../inner", in_folder("exposed/link")), 0);
    cr_assert_eq(symlink("exposed/link/file", in_folder("link")), 0);
    cr_assert_eq(symlink("../../inner/file", in_folder("exposed/inner/link")), 0);
    expect_problem(in_folder("exposed/link"), why);
    expect_problem(in_folder("exposed/link/file"), why);
    expect_problem(in_folder("link"), why);
    expect_found(in_folder("exposed/inner/link")); /* nobody else may change that one */
}

static void expect_exposed(const char *name, bool exposed)
{
    struct path path;
    cr_assert_null(find(name, &path), "%s", name);
    cr_expect_eq(path.exposed, exposed, "%s", name);
    path_close(&path);
}

Test(path, whose_directory_is_exposed)
{
    static const mode_t exposed[] = {01777, 0777, 0770, 0702, 0720}, others[] = {0755, 0700, 0711, 0555, 02755, 01755};
    for (size_t i = 0; i < sizeof exposed / sizeof *exposed; i++) {
        cr_assert_eq(chmod(in_folder("inner"), exposed[i]), 0);
        expect_exposed(in_folder("inner/new"), true);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        cr_assert_eq(chmod(in_folder("inner"), others[i]), 0);
        expect_exposed(in_folder("inner/new"), false);
    }
    cr_assert_eq(chmod(in_folder("inner"), 0755), 0);
    expect_exposed("/dev/null", false);
    expect_exposed("/tmp/new", true);
    /* Only root may, and not in a user namespace that has no other user. */
    if (chown(in_folder("inner"), 65534, 65534) != 0)
        return;
    expect_exposed(in_folder("inner/new"), true);
}

Test(path, to_a_descriptor)
{
    struct path path;
    struct stat status, own;
    cr_assert_null(find("/dev/fd/0", &path));
    cr_expect(path.descriptor);
    cr_expect_str_eq(path.name, "0");
    cr_expect(path_status(&path, true, &status) && fstat(0, &own) == 0 && status.st_ino == own.st_ino);
    path_close(&path);
    cr_assert_null(find("/dev/null", &path));
    cr_expect_not(path.descriptor);
    path_close(&path);
}

/* There it would be the program's standard error. */
Test(path, takes_no_standard_descriptor)
{
    struct path path;
    close(0);
    cr_assert_null(find(in_folder("inner/file"), &path));
    int fd = path_open(&path, path.name, O_RDONLY | O_CLOEXEC);
    cr_expect(path.directory > 2 && fd > 2, "%d, %d", path.directory, fd);
    cr_expect_eq(fcntl(0, F_GETFD), -1);
    close(fd);
    path_close(&path);
}

/* ---- under attack ---------------------------------------------------------------------------------------------------
 */

enum { TIMES = 3000 };

static int attack_over;

static bool goes_on(void)
{
    return !__atomic_load_n(&attack_over, __ATOMIC_RELAXED);
}

/* The name is a link now and then, made anew each time: a report replaces it. */
static void *attack_file(void *name)
{
    const char *made = in_folder("exposed/made");
    while (goes_on()) {
        if (symlink("../inner/file", made) == 0)
            rename(made, name);
        close(open(made, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        rename(made, name);
    }
    unlink(made);
    return NULL;
}

static long exchange(void)
{
    enum { EXCHANGE = 2 /* RENAME_EXCHANGE, which glibc before 2.28 does not name */ };
    return syscall(SYS_renameat2, AT_FDCWD, in_folder("exposed/one"), AT_FDCWD, in_folder("exposed/two"), EXCHANGE);
}

static void *attack_directory(void *unused)
{
    while (goes_on())
        exchange();
    return unused;
}

/* Writes to that name again and again meanwhile. */
static void write_under_attack(void *(*attacks)(void *), const char *name)
{
    const struct log log = {.level = LOG_WARN, .file = name};
    const struct identity unknown = {.known = false};
    char attacked[PATH_MAX];
    pthread_t thread;
    strcpy(attacked, name);
    cr_assert_eq(pthread_create(&thread, NULL, attacks, attacked), 0);
    for (int i = 0; i < TIMES; i++) {
        report_write(&(struct report){.program = "server", .reason = "why"}, name, &unknown);
        log_write(&log, LOG_WARN, "a line");
    }
    __atomic_store_n(&attack_over, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
}

static void expect_precious(void)
{
    char text[64] = "";
    FILE *file = fopen(in_folder("inner/file"), "r");
    cr_assert_not_null(file);
    cr_expect_gt(fread(text, 1, sizeof text - 1, file), 0);
    fclose(file);
    cr_expect_str_eq(text, "precious", "%s", text);
}

Test(path, whose_last_component_is_now_a_link_and_now_a_file)
{
    write_under_attack(attack_file, in_folder("exposed/name"));
    expect_precious();
}

Test(path, whose_directory_is_now_a_link_and_now_a_directory)
{
    cr_assert_eq(mkdir(in_folder("exposed/one"), 0700) | symlink("../inner", in_folder("exposed/two")), 0);
    if (exchange() != 0)
        cr_skip_test("names cannot be exchanged here");
    write_under_attack(attack_directory, in_folder("exposed/one/new"));
    cr_expect_neq(access(in_folder("inner/new"), F_OK), 0);
    expect_precious();
}
