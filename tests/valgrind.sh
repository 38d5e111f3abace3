#!/bin/sh
# SPDX-License-Identifier: MIT
# Under valgrind's memcheck: the unit tests, and warm-ups of whole programs with the library preloaded, where any error
# becomes the program's exit status.
#   valgrind.sh BUILD-FOLDER
set -u
build=$(cd "$1" && pwd) || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failed=0
passed=0

# warm NAME EXPECTED-STATUS "SETTING..." PROGRAM...: a preloaded program must end as it does without us, with no error.
warm() {
    name=$1 expected=$2 settings=$3
    shift 3
    # shellcheck disable=SC2086 # a list of settings without blanks
    env -i PATH="$PATH" HOME="$scratch" LD_LIBRARY_PATH="$build/simcuda" LD_PRELOAD="$build/libgpuwarm.so" \
        GPUWARM_REPORT="$scratch/report" GPUWARM_LOG_FILE="$scratch/log" GPUWARM_LOG=debug $settings \
        valgrind -q --error-exitcode=99 "$@" >"$scratch/out" 2>&1
    status=$?
    if [ "$status" = "$expected" ] && [ -s "$scratch/report" ]; then
        passed=$((passed + 1))
    else
        echo "valgrind: $name: status $status, expected $expected"
        cat "$scratch/out"
        failed=$((failed + 1))
    fi
    rm -f "$scratch/report"
}

warm 'a warm-up' 0 '' "$build/tests/hosts/first_call"
warm 'two devices' 0 'SIMCUDA_DEVICES=2 GPUWARM_DEVICE=all' "$build/tests/hosts/first_call"
warm 'a device that is not there' 0 'GPUWARM_DEVICE=0,9' "$build/tests/hosts/first_call"
warm 'asked for' 7 'GPUWARM_TRIGGER=load' "$build/tests/hosts/plain"
warm 'no driver' 7 'GPUWARM_TRIGGER=load LD_LIBRARY_PATH=/nonexistent' "$build/tests/hosts/plain"
warm 'a failing driver' 7 'GPUWARM_TRIGGER=load SIMCUDA_FAULT=cuMemHostAlloc=2' "$build/tests/hosts/plain"
warm 'a fat binary' 0 '' "$build/tests/hosts/fat_binary"
warm 'left alone' 7 '' "$build/tests/hosts/plain"
warm 'a complaint' 7 'GPUWARM_TRIGER=off' "$build/tests/hosts/plain"

# Some tests use much of the stack at once, which valgrind would take for a change of stacks.
valgrind -q --trace-children=yes --error-exitcode=99 --max-stackframe=100000000 "$build/tests/unit-tests" || failed=$((failed + 1))
echo "valgrind: $passed passed, $failed failed"
[ "$failed" = 0 ]
