# SPDX-License-Identifier: MIT
# glibc 2.31, where dlopen is in a library of its own: the library as built here, in a root folder of Debian 11, with
# programs, tests and a simulated driver built for it. Sourced by run.sh.
# shellcheck shell=sh disable=SC2154,SC2034,SC2086 # set by run.sh; read by check.sh; lists of words

# What only needs the root: any program, and the example of the README.
older_programs() {
    plain="$older_inside env LD_LIBRARY_PATH=$older_build/simcuda"
    preloaded="$plain LD_PRELOAD=$library"
    same '/bin/true' 0 /bin/true
    same 'a shell and its tools' 3 /bin/sh -c 'echo a | tr a b; ls / >/dev/null; true && ! false; exit 3'
    same 'driver-api example' 0 "$older_build/examples/driver-api"
    check_that 'driver-api example: warmed' warmed
    check_that 'driver-api example: two lines' test "$(grep -c ' N ms$' "$scratch/preloaded.out")" = 2
}

# Without libdl nothing in the process can open a driver: nothing is warmed, and one line says so where it was asked for.
older_without_libdl() {
    shows_build built $older_compiler || return 1
    check_that 'a program without libdl: it has none' sh -c "! readelf -d '$scratch/built' | grep libdl"
    same 'a program without libdl' 5 "$scratch/built" a b
    settings='GPUWARM_TRIGGER=load'
    program_run preloaded $preloaded "$scratch/built"
    check_that 'a program without libdl, told to warm: one line' \
        test "$(grep -c 'not warmed: driver: dlopen is not in this process' "$scratch/preloaded.err")" = 1
    rm -f "$scratch/journal"
    program_run preloaded $plain "LD_PRELOAD=$library:libdl.so.2" "$scratch/built"
    check_that 'a program without libdl, told to warm, libdl preloaded too: warmed' warmed
    settings=
}

# A library that was built there works there, and here.
older_built_there() {
    plain="env LD_LIBRARY_PATH=$simcuda"
    preloaded="$plain LD_PRELOAD=$older_build/libgpuwarm.so"
    same 'built with glibc 2.31, run with a newer one' 0 "$build/tests/hosts/first_call"
    check_that 'built with glibc 2.31, run with a newer one: warmed' warmed
    plain="$older_inside env LD_LIBRARY_PATH=$older_build/simcuda"
    preloaded="$plain LD_PRELOAD=$older_build/libgpuwarm.so"
    same 'built with glibc 2.31, run there' 0 "$older_build/tests/hosts/first_call"
    check_that 'built with glibc 2.31, run there: warmed' warmed
}

older() {
    # Made anew each time: the suites get the ordinary one in its place.
    rm -f "$older_build/libgpuwarm.so"
    older_prepare || return
    settings=
    program_run plain $older_inside getconf GNU_LIBC_VERSION
    check_that 'glibc 2.31: it is' says plain.out 'glibc 2.31'
    older_built_there
    cp "$library" "$older_build/libgpuwarm.so"
    older_programs
    older_without_libdl || check_fail 'a program without libdl' 'could not be built'
    older_ready=yes
    suites 'glibc 2.31' "$older_build" $older_inside
}

older
