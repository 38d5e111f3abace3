#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the built test programs and fails when a test fails, and when fewer tests ran than there must be: a Criterion
# run in which nothing matched exits with 0.
#   run.sh BUILD-FOLDER
set -u
build=$1
unit_least=165
e2e_least=105
GPUWARM_TEST_BUILD=$(cd "$build" && pwd) || exit 1
export GPUWARM_TEST_BUILD

# run NAME LEAST: one test program, its closing line, and its count against the least.
run() {
    log=$build/tests/$1.log
    "$build/tests/$1" >"$log" 2>&1
    status=$?
    grep -v '^\[----\] Warning! The test' "$log"
    tested=$(sed -n 's/.*Synthesis: Tested: \([0-9]*\).*/\1/p' "$log" | sed 's/\x1b\[[0-9;]*m//g')
    if [ "${tested:-0}" -lt "$2" ]; then
        echo "$1: only ${tested:-0} tests ran, $2 is the least" >&2
        return 1
    fi
    return $status
}

failed=0
run unit-tests $unit_least || failed=1
run e2e-tests $e2e_least || failed=1
exit $failed
