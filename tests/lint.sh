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

# each_of 'SOURCE...' COMMAND...: one process a source, as many at a time as there are processors.
# shellcheck disable=SC2317 # called through check
each_of() {
    of=$1
    shift
    # shellcheck disable=SC2086 # a list of file names without blanks
    printf '%s\n' $of | xargs -P "$(nproc)" -I{} "$@"
}

# shellcheck disable=SC2317
each() {
    each_of "$sources" "$@"
}

check rooms sh tests/rooms.sh shim
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
# Criterion's macros hide from the analyzer which paths end a test.
# shellcheck disable=SC2086
programs=$(printf '%s\n' $sources | grep -v '^tests/\(unit\|e2e\|clients\|servers\)/')
# shellcheck disable=SC2086
check 'gcc -fanalyzer' each_of "$programs" gcc $flags -Itests/hosts -O2 -fanalyzer -Werror -c -o /dev/null {}
# All code against the toolkit's own header in place of shim/cuda/cuda_abi.h: every simulated function has its prototype.
# Results are an enumeration there, whose values the simulator gives as another.
toolkit=${CUDA_HOME:-/usr/local/cuda}/include
if [ -f "$toolkit/cuda.h" ]; then
    # shellcheck disable=SC2086
    # Left out: the end-to-end tests and copies, which have structures and prototypes of their own.
    against=$(printf '%s\n' $sources | grep -v '^tests/e2e/\|^tests/simcuda/copy.c')
    # shellcheck disable=SC2086
    check "$toolkit/cuda.h" each_of "$against" gcc $flags -Itests/hosts $WARNINGS -Wno-enum-conversion -Werror -fsyntax-only \
        -isystem "$toolkit" -DGPUWARM_CUDA_H -D__CUDA_API_VERSION_INTERNAL {}
else
    echo "cuda.h: skipped, there is no $toolkit/cuda.h"
fi
# shellcheck disable=SC2046
check shellcheck shellcheck $(grep -rlE '^#!/bin/(ba)?sh|^# shellcheck shell' shim/*.sh shim/*/*.sh tests/*.sh tests/*/*.sh tests/*/*/*.sh .ci/run)
exit $failed
