#!/bin/sh
# SPDX-License-Identifier: MIT
# Format and static checks of the given sources; every tool is asked, then the outcome is given.
#   WARNINGS='-Wall ...' lint.sh FILE...
set -u
failed=0
sources=
for file in "$@"; do
    case $file in *.c) sources="$sources $file" ;; esac
done
flags='-std=gnu11 -D_GNU_SOURCE -Ishim -Itests/simcuda -Itests/e2e'

# check NAME COMMAND...: runs one tool and shows what it says only when it fails.
check() {
    name=$1
    shift
    if output=$("$@" 2>&1); then
        echo "$name: clean"
    else
        echo "$output" | grep -av 'warnings generated\|Suppressed\|Use -header-filter'
        echo "$name: FAILED"
        failed=1
    fi
}

# One process a source, as many at a time as there are processors.
each() {
    # shellcheck disable=SC2086,SC2317 # called through check; a list of file names without blanks
    printf '%s\n' $sources | xargs -P "$(nproc)" -I{} "$@"
}

check clang-format clang-format --dry-run -Werror "$@"
# shellcheck disable=SC2086 # lists of words
check clang-tidy each clang-tidy --quiet {} -- $flags
# shellcheck disable=SC2086
check cppcheck cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingInclude --suppress=unknownMacro -D_GNU_SOURCE -D__x86_64__ -Ishim -Itests/simcuda -Itests/e2e $sources
for compiler in gcc clang; do
    # shellcheck disable=SC2086
    check "$compiler -Werror" each $compiler $flags $WARNINGS -Werror -O2 -c -o /dev/null {}
done
# shellcheck disable=SC2046
check shellcheck shellcheck $(grep -rlE '^#!/bin/(ba)?sh|^# shellcheck shell' tests/*.sh tests/*/*.sh .ci/run)
exit $failed
