# SPDX-License-Identifier: MIT
# aarch64: everything cross-built with a root folder of Debian 12 for it, and run under qemu-user. First programs of
# tests/hosts directly under the emulator, then all unit and end-to-end tests in the root. Sourced by run.sh.
# shellcheck shell=sh disable=SC2154,SC2034,SC2086 # set by run.sh; read by check.sh; lists of words

arm_root=$anywhere/aarch64-root
arm_build=$anywhere/aarch64
arm_alone='unshare --user --map-root-user --mount'

# arm_host STATUS JOURNAL PROGRAM ARGUMENT...: the same with and without the library; JOURNAL is warmed, or the like.
arm_host() {
    host=$3
    journal_is=$2
    ends_with=$1
    shift 3
    same "aarch64: $host" "$ends_with" "$arm_build/tests/hosts/$host" "$@"
    check_that "aarch64: $host: $journal_is" "$journal_is"
}

# The emulator is given the variables of the program with -E: in its own environment they would be for itself.
arm_hosts() {
    plain="qemu-aarch64-static -L $arm_root -E LD_LIBRARY_PATH=$arm_build/simcuda"
    preloaded="$plain -E LD_PRELOAD=$arm_build/libgpuwarm.so"
    settings=
    arm_host 0 warmed first_call
    arm_host 0 warmed fat_binary
    arm_host 0 warmed waits_for_signal
    arm_host 7 untouched plain
    arm_host 4 untouched serves accept
    arm_host 4 warmed serves epoll cuda
    arm_host 0 not_warmed forks_first
    arm_host 0 not_warmed forks_first_no_pie
    arm_host 0 not_warmed chooses_device
    arm_host 0 not_warmed thin_main
    settings='GPUWARM_TRIGGER=load'
    arm_host 7 warmed plain
    settings=
    same 'aarch64: driver-api example' 0 "$arm_build/examples/driver-api"
    check_that 'aarch64: driver-api example: warmed' warmed
}

aarch64() {
    root_or_skip aarch64 "$arm_root" bookworm arm64 libc6-dev libcriterion-dev libcjson-dev binutils || return
    build_for "$arm_build" "aarch64-linux-gnu-gcc --sysroot=$arm_root"
    aarch64-linux-gnu-strip -o "$scratch/stripped.so" "$arm_build/libgpuwarm.so"
    echo "aarch64: the library is $(wc -c <"$scratch/stripped.so") bytes stripped"
    arm_hosts
    if $arm_alone mount -t binfmt_misc none "$scratch/home" 2>"$scratch/mount.log"; then
        suites aarch64 "$arm_build" env BINFMT=/usr/lib/binfmt.d/qemu-aarch64.conf GPUWARM_TEST_EMULATED=1 \
            $arm_alone sh tests/anywhere/enter.sh "$arm_root"
    else
        check_skip 'aarch64: unit and end-to-end tests' \
            "no binfmt_misc in a user namespace, which is in Linux 6.7 ($(head -n 1 "$scratch/mount.log"))"
    fi
}

aarch64
