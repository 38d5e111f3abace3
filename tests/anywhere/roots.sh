# SPDX-License-Identifier: MIT
# The root directories that several parts use, and what is built for them: made once, kept in $anywhere, and up to date
# after each call. Sourced by run.sh.
# shellcheck shell=sh disable=SC2154,SC2034,SC2086 # set by run.sh; read by the parts; lists of words

# root_or_skip NAME ARGUMENT...: those of root.sh.
root_or_skip() {
    skipped=$1
    shift
    if [ "$(id -u)" != 0 ]; then
        check_skip "$skipped" 'needs root'
        return 1
    fi
    sh tests/anywhere/root.sh "$@" >"$scratch/root.log" 2>&1 && return 0
    check_skip "$skipped" "$(tail -n 1 "$scratch/root.log")"
    return 1
}

# build_for FOLDER COMPILER: everything that the tests run, for another system. What can be built is run all the same.
build_for() {
    check_that "built for ${1##*/}" "${MAKE:-make}" --no-print-directory -k -j "$(nproc)" BUILD="$1" CC="$2" build-tests
}

# ---- glibc 2.31: Debian 11, cross-built ----

older_root=$anywhere/glibc-2.31-root
older_build=$anywhere/glibc-2.31
# -B: gcc looks for the C library's start files beside itself before it looks in the root.
older_compiler="gcc --sysroot=$older_root -B$older_root/usr/lib/x86_64-linux-gnu"
older_inside="unshare --mount sh tests/anywhere/enter.sh $older_root"

older_prepare() {
    if [ "$(uname -m)" != x86_64 ]; then
        check_skip 'glibc 2.31' 'the root folder is for x86-64'
        return 1
    fi
    root_or_skip 'glibc 2.31' "$older_root" bullseye amd64 libc6-dev libcriterion-dev libcjson-dev binutils || return
    build_for "$older_build" "$older_compiler"
    return 0
}

# ---- Debian 12 and 13, with what `make test` needs: everything is built inside ----

debian_clean='env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

# debian_root VERSION: makes it and sets debian_name, debian_build and debian_compilers; debian_inside enters it by chroot.
debian_root() {
    debian_name="Debian $1"
    debian_root=$anywhere/debian-$1-root
    debian_build=$anywhere/debian-$1
    debian_inside="$debian_clean CHROOT=yes unshare --mount sh tests/anywhere/enter.sh $debian_root"
    debian_compilers=gcc
    case $1 in
    12) debian_suite=bookworm ;;
    13) debian_suite=trixie debian_compilers='gcc clang' ;;
    esac
    root_or_skip "$debian_name" --configured "$debian_root" $debian_suite "$(dpkg --print-architecture)" \
        libc6-dev binutils $debian_compilers $TEST_PACKAGES
}

# debian_prepare VERSION: the root, and the project built in it by each compiler that it has, without a warning.
debian_prepare() {
    debian_root "$1" || return
    for compiler in $debian_compilers; do
        debian_as=$debian_build
        [ $compiler = gcc ] || debian_as=$debian_build-$compiler
        check_that "$debian_name: built there with $compiler" $debian_inside make --no-print-directory -k -j "$(nproc)" \
            BUILD="$debian_as" CC=$compiler CFLAGS='-O2 -g -Werror' build-tests
    done
    return 0
}
