# SPDX-License-Identifier: MIT
# Programs of another kind than the library: musl's, static and 32-bit ones. They go on as if it were not there, and
# nothing is printed but what glibc's own loader prints of a 32-bit program. Sourced by run.sh.
# shellcheck shell=sh disable=SC2154,SC2034,SC2086,SC2016 # set by run.sh; read by check.sh; lists of words; $LIB

# musl: its loader takes libc.so.6 for itself and maps the library, whose imports it must be able to resolve.
foreign_musl() {
    shows_build musl musl-gcc || return 1
    shows_build musl-static musl-gcc -static || return 1
    program_run preloaded $preloaded "$scratch/musl" mapped
    check_that 'musl: the library is really in the process' says preloaded.out mapped
    unharmed 'musl' 5 "$scratch/musl" a b
    unharmed 'musl, static' 5 "$scratch/musl-static" a b
    settings='GPUWARM_NONSENSE=1 GPUWARM_DEVICE=nine'
    same 'musl: a wrong setting is nothing to it' 5 "$scratch/musl"
    settings=
    # What a server calls is the library's first, and then musl's.
    musl-gcc -D_GNU_SOURCE -O2 -o "$scratch/musl-serves" tests/hosts/serves.c || return 1
    for way in accept accept4 poll ppoll select pselect epoll; do
        unharmed "musl, a server in $way" 4 "$scratch/musl-serves" $way
    done
}

foreign_static() {
    shows_build static gcc -static || return 1
    shows_build static-pie gcc -static-pie || return 1
    unharmed 'static' 5 "$scratch/static" a b
    unharmed 'static-pie' 5 "$scratch/static-pie" a b
}

# 32-bit: the loader says that it ignores the library. An empty 32-bit one where $LIB leads 32-bit programs stops that.
foreign_32_bit() {
    # Debian has the kernel's headers of a 64-bit program only, which are the same.
    shows_build 32 gcc -m32 -idirafter /usr/include/x86_64-linux-gnu || return 1
    program_run plain "$scratch/32" a b
    program_run preloaded $preloaded "$scratch/32" a b
    grep -v '^ERROR: ld.so: .*libgpuwarm.so.*wrong ELF class: ELFCLASS64): ignored\.$' "$scratch/preloaded.err" \
        >"$scratch/rest"
    lines=$(wc -l <"$scratch/preloaded.err")
    mv "$scratch/rest" "$scratch/preloaded.err"
    check_that '32-bit: the loader prints its line and nothing else differs' no_difference
    check_that '32-bit: it is one line' test "$lines" = 2

    for lib in lib/x86_64-linux-gnu lib64 lib/i386-linux-gnu lib32; do
        mkdir -p "$scratch/prefix/$lib"
    done
    cp "$library" "$scratch/prefix/lib/x86_64-linux-gnu/libgpuwarm.so"
    cp "$library" "$scratch/prefix/lib64/libgpuwarm.so"
    cp "$build/32/libgpuwarm.so" "$scratch/prefix/lib/i386-linux-gnu/libgpuwarm.so"
    cp "$build/32/libgpuwarm.so" "$scratch/prefix/lib32/libgpuwarm.so"
    ordinary=$preloaded
    preloaded="env LD_PRELOAD=$scratch/prefix/"'$LIB/libgpuwarm.so'
    unharmed '32-bit, with the empty library and $LIB' 5 "$scratch/32" a b
    unharmed 'musl, with $LIB' 5 "$scratch/musl" a b
    settings="LD_LIBRARY_PATH=$simcuda"
    same '64-bit, with $LIB' 0 "$build/tests/hosts/first_call"
    check_that '64-bit, with $LIB: warmed' warmed
    settings=
    preloaded=$ordinary
}

plain='env'
preloaded="env LD_PRELOAD=$library"
foreign_musl || check_fail musl 'could not be built'
foreign_static || check_fail static 'could not be built'
if [ "$(uname -m)" = x86_64 ]; then
    foreign_32_bit || check_fail 32-bit 'could not be built'
else
    check_skip 32-bit "no such programs on $(uname -m)"
fi
