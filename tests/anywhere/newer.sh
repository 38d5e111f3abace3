# SPDX-License-Identifier: MIT
# Built with glibc 2.41, in a root folder of Debian 13 with the compiler that is there; run here and with the older glibc
# of older.sh. Newer headers and linkers must not get the library to ask for what those lack. Sourced by run.sh.
# shellcheck shell=sh disable=SC2154,SC2034,SC2086 # set by run.sh; read by check.sh; lists of words

newer_root=$anywhere/glibc-2.41-root
newer_inside="unshare --mount sh tests/anywhere/enter.sh $newer_root"

# newer_runs NAME LIBRARY: in a CUDA executable, with the C library that is here and with an older one.
newer_runs() {
    plain="env LD_LIBRARY_PATH=$simcuda"
    preloaded="$plain LD_PRELOAD=$2"
    same "$1, run here" 0 "$build/tests/hosts/first_call"
    check_that "$1, run here: warmed" warmed
    if [ ! "$older_ready" ]; then
        check_skip "$1, run with glibc 2.31" 'needs the root folder of part "older"'
        return
    fi
    plain="$older_inside env LD_LIBRARY_PATH=$older_build/simcuda"
    preloaded="$plain LD_PRELOAD=$2"
    same "$1, run with glibc 2.31" 0 "$older_build/tests/hosts/first_call"
    check_that "$1, run with glibc 2.31: warmed" warmed
}

# newer_built NAME CFLAGS LDFLAGS: built there with these flags.
newer_built() {
    newer_name="built with glibc 2.41$1"
    newer_build=$anywhere/glibc-2.41
    rm -rf "$newer_build"
    check_that "$newer_name" $newer_inside make --no-print-directory -j "$(nproc)" BUILD="$newer_build" CC=gcc \
        CFLAGS="$2" LDFLAGS="$3" FAT_BINARY=no "$newer_build/libgpuwarm.so" || return
    newer_runs "$newer_name" "$newer_build/libgpuwarm.so"
}

newer() {
    root_or_skip 'glibc 2.41' "$newer_root" trixie amd64 gcc libc6-dev make binutils || return
    settings=
    program_run plain $newer_inside getconf GNU_LIBC_VERSION
    check_that 'glibc 2.41: it is' says plain.out 'glibc 2.41'
    newer_built '' '-O2 -g' ''
    newer_built ', large files, C23, a newer processor, packed relocations' \
        '-O2 -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -std=gnu23 -march=x86-64-v3' '-Wl,-z,pack-relative-relocs'
}

if [ "$(uname -m)" = x86_64 ]; then
    newer
else
    check_skip 'glibc 2.41' "the root folder is for x86-64"
fi
