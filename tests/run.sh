#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the built test programs and fails when a test fails, and when fewer tests ran or were skipped with a reason than
# there must be: a Criterion run in which nothing matched exits with 0.
#   run.sh BUILD-FOLDER
set -u
build=$1
unit_least=165
e2e_least=105
GPUWARM_TEST_BUILD=$(cd "$build" && pwd) || exit 1
export GPUWARM_TEST_BUILD

# run NAME LEAST: one test program: what failed, what was skipped and why, its closing line; its count against the least.
run() {
    log=$build/tests/$1.log
    "$build/tests/$1" --verbose >"$log" 2>&1
    status=$?
    grep -av '^\[RUN \]\|^\[PASS\]\|^\[====\] Running\|^\[----\] Criterion\|^\[----\] Warning! The test' "$log"
    skipped=$(grep -ac '^\[SKIP\]' "$log")
    [ "$skipped" = 0 ] || echo "$1: $skipped skipped"
    tested=$(sed -n 's/.*Synthesis: Tested: \([0-9]*\).*/\1/p' "$log" | sed 's/\x1b\[[0-9;]*m//g')
    if [ "${tested:-0}" = 0 ] || [ $((tested + skipped)) -lt "$2" ]; then
        echo "$1: only ${tested:-0} tests ran and $skipped were skipped, $2 is the least" >&2
        return 1
    fi
    return $status
}

failed=0
run unit-tests $unit_least || failed=1
run e2e-tests $e2e_least || failed=1
exit $failed
