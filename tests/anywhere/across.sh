# SPDX-License-Identifier: MIT
# Built on one system, run on another: what is built on Debian 13 starts and warms programs of Debian 11 and 12, and what
# is built on this machine those of Debian 13. The programs are those built for Debian 11. Sourced by run.sh.
# shellcheck shell=sh disable=SC2154,SC2034,SC2086 # set by run.sh; read by check.sh; lists of words

# across_run NAME ROOT LIBRARY
across_run() {
    plain="unshare --mount sh tests/anywhere/enter.sh $2 env LD_LIBRARY_PATH=$older_build/simcuda"
    preloaded="$plain LD_PRELOAD=$3"
    program_run preloaded $preloaded /bin/cat /proc/self/maps
    check_that "$1: the library is really in the process" says preloaded.out libgpuwarm.so
    same "$1: /bin/true" 0 /bin/true
    same "$1: a shell and its tools" 3 /bin/sh -c 'echo a | tr a b; ls / >/dev/null; true && ! false; exit 3'
    [ ! -e "$2/usr/bin/python3" ] || same "$1: python3" 0 /usr/bin/python3 -c 'import json, socket; print(json.dumps([1]))'
    same "$1: first_call" 0 "$older_build/tests/hosts/first_call"
    check_that "$1: first_call: warmed" warmed
    for way in accept poll select epoll; do
        same "$1: a server in $way" 4 "$older_build/tests/hosts/serves" $way cuda
        check_that "$1: a server in $way: warmed" warmed
    done
}

# Built there with a distribution's flags, which turn functions into newer ones and ask for newer processors and loaders.
across_flags() {
    across_build=$anywhere/debian-13-flags
    rm -rf "$across_build"
    check_that "built on Debian 13 with a distribution's flags" $debian_inside make --no-print-directory -j "$(nproc)" \
        BUILD="$across_build" FAT_BINARY=no LDFLAGS='-Wl,-z,pack-relative-relocs' \
        CFLAGS='-O2 -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -std=gnu23 -march=x86-64-v3' "$across_build/libgpuwarm.so"
}

across() {
    older_prepare && debian_prepare 13 && across_13=$debian_root || return
    across_flags && across_run 'built on Debian 13 with flags, run with glibc 2.31' "$older_root" "$across_build/libgpuwarm.so"
    debian_root 12 || return
    across_run 'built on Debian 13, run with glibc 2.31' "$older_root" "$anywhere/debian-13/libgpuwarm.so"
    across_run 'built on Debian 13, run on Debian 12' "$debian_root" "$anywhere/debian-13/libgpuwarm.so"
    across_run 'built here, run on Debian 13' "$across_13" "$library"
}

across
