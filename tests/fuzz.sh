#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs one fuzz target for a number of seconds, in a folder of its own beside it, and says how many inputs were tried;
# with what it learnt earlier, so that a second run goes on where the first ended.
#   fuzz.sh TARGET SECONDS
set -u
target=$1
seconds=$2
mkdir -p "$target.corpus" || exit 1
log=$target.log
if "$target" -max_total_time="$seconds" -max_len=2048 -timeout=5 -print_final_stats=1 -artifact_prefix="$target.found-" \
    "$target.corpus" >"$log" 2>&1; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "fuzz: ${target##*/}: $runs inputs, none failed"
    [ "${runs:-0}" -gt 0 ]
else
    tail -n 40 "$log"
    echo "fuzz: ${target##*/}: FAILED, see $target.found-*"
    exit 1
fi
