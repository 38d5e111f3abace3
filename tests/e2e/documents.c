/* SPDX-License-Identifier: MIT */
/* The documents say what the code does: generated ones are up to date, and lists are whole. */
#include "run.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(documents, .init = run_setup, .fini = run_teardown);

static char *contents(const char *path)
{
    char *text = calloc(1, 1 << 20);
    FILE *file = fopen(path, "r");
    cr_assert(text && file, "%s (run from the project's folder)", path);
    cr_assert_gt(fread(text, 1, (1 << 20) - 1, file), 0);
    fclose(file);
    return text;
}

Test(documents, configuration_is_as_make_docs_writes_it)
{
    char *committed = contents("docs/configuration.md");
    const char *script = run_env("%s > %s", run_build("docs/configuration"), run_scratch("configuration.md"));
    cr_assert_eq(run_program(PLAIN, LIST("/bin/sh", "-c", script), NULL).status, 0);
    cr_assert(strcmp(committed, contents(run_scratch("configuration.md"))) == 0, "run make docs");
}

Test(documents, readme_names_every_setting)
{
    char *readme = contents("README.md");
    static const char *const names[] = {
#define OPTION(name, standard, expected, matters, help) "GPUWARM_" #name,
#include "../../shim/policy/options.def"
#undef OPTION
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_not_null(strstr(readme, names[i]), "%s", names[i]);
}

Test(documents, readme_names_every_stage_and_example)
{
    char *readme = contents("README.md");
    static const char *const words[] = {
#define STAGE(name, needs, standard) "`" #name "`",
#include "../../shim/policy/stages.def"
#undef STAGE
        "examples/server", "examples/driver-api", "examples/pytorch", "make demo", "make test", "GPUWARM_TRIGGER=off",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        cr_expect_not_null(strstr(readme, words[i]), "%s", words[i]);
}

Test(documents, the_version_is_one)
{
    struct run run =
        run_program(PRELOADED, LIST(run_host("first_call")), LIST(run_env("GPUWARM_REPORT=%s", run_scratch("report"))));
    cr_assert_eq(run.status, 0);
    const char *version = report_text(report_read(run_scratch("report")), "version");
    cr_assert_not_null(strstr(contents("CHANGELOG.md"), version), "CHANGELOG.md says nothing of %s", version);
}
