# SPDX-License-Identifier: MIT
# What the parts of tests/anywhere share: running a program with and without the library and comparing what it did, and
# counting. Sourced by run.sh, which sets: scratch (an empty folder), library, simcuda (a folder).
# shellcheck shell=sh disable=SC2154,SC2086 # set by run.sh; the variables that hold words are meant to be split

checks=0
failures=0
skips=0

check_ok() {
    checks=$((checks + 1))
    echo "[PASS] $1"
}

# check_fail NAME REASON
check_fail() {
    failures=$((failures + 1))
    echo "[FAIL] $1: $2"
}

# check_skip NAME REASON
check_skip() {
    skips=$((skips + 1))
    echo "[SKIP] $1: $2"
}

# check_that NAME COMMAND...: passes when the command succeeds; what it printed stays in $scratch/check.log.
check_that() {
    check_name=$1
    shift
    "$@" >"$scratch/check.log" 2>&1
    check_status=$?
    if [ $check_status = 0 ]; then
        check_ok "$check_name"
        return 0
    fi
    check_fail "$check_name" "exit status $check_status"
    grep -a '^\[FAIL\]\|CRASH' "$scratch/check.log"
    tail -n 40 "$scratch/check.log"
    return 1
}

# program_run NAME COMMAND...: in a fresh environment with $settings in it, at most a minute; what it did is in the files
# NAME.out, NAME.err and NAME.status. Milliseconds, which differ each time, become "N ms".
program_run() {
    as=$scratch/$1
    shift
    timeout 60 env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME="$scratch/home" SIMCUDA_JOURNAL="$scratch/journal" $settings "$@" \
        >"$as.out.raw" 2>"$as.err" </dev/null
    echo $? >"$as.status"
    sed 's/ *[0-9.]* ms/ N ms/' "$as.out.raw" >"$as.out"
}

# Did the run "preloaded" do what the run "plain" did? Says how not.
no_difference() {
    alike=0
    for what in status out err; do
        diff -u "$scratch/plain.$what" "$scratch/preloaded.$what" || alike=1
    done
    return $alike
}

# same NAME STATUS COMMAND...: the command, which must end with STATUS, does the same with the library ($preloaded before
# it) as without ($plain before it). The journal is afterwards that of the run with the library.
same() {
    name=$1
    expected=$2
    shift 2
    program_run plain $plain "$@"
    rm -f "$scratch/journal" "$scratch/report"
    program_run preloaded $preloaded "$@"
    ended=$(cat "$scratch/plain.status")
    if [ "$ended" = "$expected" ]; then
        check_that "$name" no_difference
    else
        check_fail "$name" "without the library it ends with $ended, not $expected"
        cat "$scratch/plain.err"
    fi
}

# unharmed NAME STATUS COMMAND...: the same, and the library does nothing at all, also when it is told to.
unharmed() {
    unharmed_name=$1
    shift
    same "$unharmed_name" "$@"
    settings="GPUWARM_TRIGGER=load GPUWARM_REPORT=$scratch/report GPUWARM_LOG=debug LD_LIBRARY_PATH=$simcuda"
    same "$unharmed_name, told to warm" "$@"
    settings=
    check_that "$unharmed_name, told to warm: no driver call" untouched
    check_that "$unharmed_name, told to warm: no report" test ! -e "$scratch/report"
}

# What the run with the library did: its kernel was launched; only the program used the driver; nobody did.
warmed() {
    grep -q "name=gpuwarm_kernel" "$scratch/journal"
}

not_warmed() {
    grep -q cuInit "$scratch/journal" && ! warmed
}

untouched() {
    test ! -e "$scratch/journal"
}

# shows_build NAME COMPILER...: shows.c as $scratch/NAME.
shows_build() {
    shows_as=$scratch/$1
    shift
    "$@" -D_GNU_SOURCE -O2 -o "$shows_as" tests/anywhere/shows.c
}

# says FILE TEXT
says() {
    grep -qF -- "$2" "$scratch/$1"
}

check_summary() {
    echo "[====] Anywhere: Tested: $((checks + failures)) | Passing: $checks | Failing: $failures | Skipped: $skips"
    [ "$failures" = 0 ] && [ "$checks" -gt 0 ]
}
