# SPDX-License-Identifier: MIT
# Programs that have more rights than their caller: set-uid ones and ones with file capabilities. Where the loader does
# load the library into them (its path is trusted, or it is in /etc/ld.so.preload), the library does nothing: seen in
# the root folder of older.sh, where that is no danger to the machine. Sourced by run.sh.
# shellcheck shell=sh disable=SC2154,SC2034,SC2086 # set by run.sh; read by check.sh; lists of words

nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'

# secure_copies PROGRAM NAME: three copies in $scratch: NAME, NAME-setuid and NAME-capable.
secure_copies() {
    for copy in "$2" "$2-setuid" "$2-capable"; do
        cp "$1" "$scratch/$copy"
    done
    chmod 4755 "$scratch/$2-setuid"
    setcap cap_net_bind_service+ep "$scratch/$2-capable"
}

# Are files set-uid there at all (a file system may be mounted without)?
secure_works() {
    program_run plain $nobody "$scratch/$1"
    says plain.out 'secure 1'
}

# A path with a slash: the loader ignores it in such programs, silently.
secure_untrusted() {
    shows_build built gcc || return 1
    secure_copies "$scratch/built" shows
    # The library where anybody may read it.
    cp "$library" "$scratch/libgpuwarm.so"
    plain="$nobody env"
    preloaded="$nobody env LD_PRELOAD=$scratch/libgpuwarm.so"
    program_run preloaded $preloaded "$scratch/shows" mapped
    check_that 'ordinary program of an unprivileged user: the library is in it' says preloaded.out mapped
    for kind in setuid capable; do
        if secure_works "shows-$kind"; then
            unharmed "$kind" 5 "$scratch/shows-$kind" a b
        else
            check_skip "$kind" "/tmp is on a file system that does not honour it"
        fi
    done
}

# secure_same NAME PROGRAM: a CUDA executable that is secure is left alone. The settings are for it alone: where the
# library is everywhere, the programs that lead to it would heed them too.
secure_same() {
    same "$1" 0 env GPUWARM_TRIGGER=load GPUWARM_LOG=debug "GPUWARM_REPORT=$scratch/report" "$2"
    check_that "$1: no driver call but its own" not_warmed
    check_that "$1: no report" test ! -e "$scratch/report"
}

# In a root, where the library and a driver are in the loader's trusted path.
secure_trusted() {
    inside=$older_inside
    trusted=$older_root/usr/lib/x86_64-linux-gnu
    shows_build built $older_compiler || return 1
    secure_copies "$scratch/built" shows
    secure_copies "$older_build/tests/hosts/first_call" first_call
    secure_copies "$older_build/tests/hosts/serves" serves
    cp "$older_build/simcuda/libcuda.so.1" "$trusted/libcuda.so.1"
    cp "$library" "$trusted/libgpuwarm.so"
    chmod 4755 "$trusted/libgpuwarm.so"
    plain="$inside $nobody env"
    preloaded="$inside $nobody env LD_PRELOAD=libgpuwarm.so"

    same 'trusted path, ordinary CUDA executable' 0 "$scratch/first_call"
    check_that 'trusted path, ordinary CUDA executable: warmed' warmed
    same 'trusted path, ordinary server' 4 "$scratch/serves" poll cuda
    check_that 'trusted path, ordinary server: warmed' warmed
    for kind in setuid capable; do
        if ! secure_works "shows-$kind"; then
            check_skip "trusted path, $kind" "/tmp is on a file system that does not honour it"
            continue
        fi
        program_run preloaded $preloaded "$scratch/shows-$kind" mapped
        check_that "trusted path, $kind: the library is in it" says preloaded.out mapped
        unharmed "trusted path, $kind" 5 "$scratch/shows-$kind" a b
        secure_same "trusted path, $kind CUDA executable" "$scratch/first_call-$kind"
        unharmed "trusted path, $kind server" 4 "$scratch/serves-$kind" poll cuda
    done
    secure_everywhere
    rm -f "$trusted/libcuda.so.1" "$trusted/libgpuwarm.so"
}

# /etc/ld.so.preload: in every program of the root.
secure_everywhere() {
    plain="$inside $nobody env"
    preloaded="$inside sh tests/anywhere/everywhere.sh $nobody"
    same '/etc/ld.so.preload, ordinary CUDA executable' 0 "$scratch/first_call"
    check_that '/etc/ld.so.preload, ordinary CUDA executable: warmed' warmed
    secure_works shows-setuid && secure_same '/etc/ld.so.preload, setuid CUDA executable' "$scratch/first_call-setuid"
}

if [ "$(id -u)" != 0 ]; then
    check_skip 'set-uid and file capabilities' 'needs root'
else
    secure_untrusted || check_fail 'set-uid and file capabilities' 'could not be built'
    if [ "$older_ready" ]; then
        secure_trusted || check_fail 'trusted path' 'could not be built'
    else
        check_skip 'trusted path' 'needs the root folder of part "older"'
    fi
fi
