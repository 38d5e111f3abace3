# SPDX-License-Identifier: MIT
# Under gVisor, which many GPU clouds run containers on: an ordinary program, python3, a CUDA executable and servers, each
# alone, with an empty preloaded library, with ours, and with ours switched off. Where the empty one fails too, the fault
# is gVisor's. Sourced by run.sh.
# shellcheck shell=sh disable=SC2154,SC2034,SC2086 # set by run.sh; read by check.sh; lists of words

# gvisor_same NAME STATUS JOURNAL OFF COMMAND...: JOURNAL is warmed, or the like, with the library; OFF when switched off.
gvisor_same() {
    gvisor_name="gVisor: $1"
    gvisor_status=$2
    gvisor_journal=$3
    gvisor_off=$4
    shift 4
    plain=$gvisor_clean
    preloaded="$plain LD_PRELOAD=$build/bench/libempty.so"
    same "$gvisor_name, with an empty library" "$gvisor_status" "$@"
    preloaded="$plain LD_PRELOAD=$library"
    same "$gvisor_name" "$gvisor_status" "$@"
    check_that "$gvisor_name: $gvisor_journal" $gvisor_journal
    plain="$gvisor_clean GPUWARM_TRIGGER=off"
    preloaded="$plain LD_PRELOAD=$library"
    same "$gvisor_name, switched off" "$gvisor_status" "$@"
    check_that "$gvisor_name, switched off: $gvisor_off" $gvisor_off
}

gvisor_programs() {
    # runsc gives the variables in another order each time.
    gvisor_clean="$gvisor env -i HOME=$scratch/home SIMCUDA_JOURNAL=$scratch/journal LD_LIBRARY_PATH=$simcuda"
    shows_build hello gcc || return 1
    program_run preloaded $gvisor_clean "LD_PRELOAD=$library" "$scratch/hello" mapped
    check_that 'gVisor: the library is really in the process' says preloaded.out mapped
    gvisor_same hello 5 untouched untouched "$scratch/hello" a b
    gvisor_same python3 0 untouched untouched /usr/bin/python3 -c 'import json, socket; print(json.dumps([1]))'
    gvisor_same 'a CUDA executable' 0 warmed not_warmed "$build/tests/hosts/first_call"
    for way in accept poll select epoll; do
        gvisor_same "a server in $way" 4 warmed untouched "$build/tests/hosts/serves" $way cuda
    done
    return 0
}

# The files of the sandbox are this machine's, or what is written to the journal would be lost with it.
gvisor() {
    command -v runsc >/dev/null || {
        check_skip gVisor 'runsc is not installed'
        return
    }
    for platform in ptrace systrap kvm; do
        gvisor="runsc --platform=$platform --network=none --ignore-cgroups do -force-overlay=false"
        program_run plain $gvisor /bin/true
        [ "$(cat "$scratch/plain.status")" != 0 ] || break
    done
    if [ "$(cat "$scratch/plain.status")" = 0 ]; then
        gvisor_programs || check_fail gVisor 'could not be built'
    else
        check_skip gVisor "runsc cannot run here: $(tail -n 1 "$scratch/plain.err")"
    fi
}

gvisor
