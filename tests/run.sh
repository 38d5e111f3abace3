#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs built test programs and fails when a test fails, and when fewer tests ran or were skipped with a reason than
# there must be: a Criterion run in which nothing matched exits with 0.
#   [SKIPPED_MOST=N] run.sh BUILD-FOLDER PROGRAM...
# With SKIPPED_MOST it fails too when more tests than that were skipped, in all: for a system in which all is installed.
set -u
build=$1
shift
[ $# -gt 0 ] || exit 1
GPUWARM_TEST_BUILD=$(cd "$build" && pwd) || exit 1
export GPUWARM_TEST_BUILD

# How many tests each program must have run at the least.
least() {
    case $1 in
    unit-tests) echo 230 ;;
    e2e-tests) echo 270 ;;
    clients-tests) echo 20 ;;
    servers-tests) echo 90 ;;
    *) echo 1 ;;
    esac
}

# run NAME LEAST: one test program: what failed, what was skipped and why, its closing line; its count against the least.
run() {
    log=$build/tests/$1.log
    "$build/tests/$1" --verbose >"$log" 2>&1
    status=$?
    grep -av '^\[RUN \]\|^\[PASS\]\|^\[====\] Running\|^\[----\] Criterion\|^\[----\] Warning! The test' "$log"
    skipped=$(grep -ac '^\[SKIP\]' "$log")
    skipped_all=$((skipped_all + skipped))
    [ "$skipped" = 0 ] || echo "$1: $skipped skipped"
    tested=$(sed -n 's/.*Synthesis: Tested: \([0-9]*\).*/\1/p' "$log" | sed 's/\x1b\[[0-9;]*m//g')
    if [ "${tested:-0}" = 0 ] || [ $((tested + skipped)) -lt "$2" ]; then
        echo "$1: only ${tested:-0} tests ran and $skipped were skipped, $2 is the least" >&2
        return 1
    fi
    return $status
}

failed=0
skipped_all=0
for program in "$@"; do
    run "$program" "$(least "$program")" || failed=1
done
if [ "$skipped_all" -gt "${SKIPPED_MOST:-$skipped_all}" ]; then
    echo "$skipped_all skipped, $SKIPPED_MOST is the most" >&2
    failed=1
fi
exit $failed
