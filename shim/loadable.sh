#!/bin/sh
# SPDX-License-Identifier: MIT
# Refuses a library that an older system would not load. A preloaded library that asks for a symbol version, or for
# another library, which the system lacks ends every program there. Newer headers and linkers bring that in without a
# word: strtoull becomes __isoc23_strtoull@GLIBC_2.38, fcntl becomes fcntl64@GLIBC_2.28. So the link rule asks here.
# Needs readelf, which is in binutils, as the linker is, and nothing else.
#   [READELF=readelf] loadable.sh LIBRARY
set -u
library=$1
reader=${READELF:-readelf}
refused=
refuse() {
    refused="${refused:+$refused, }it $1"
}

headers=$(LC_ALL=C "$reader" -W -h -d -V --dyn-syms "$library") || refuse "cannot be read by $reader (binutils)"
oldest=
libc=
named=
versions=
while read -r line; do
    case $line in
    Machine:*X86-64) oldest=GLIBC_2.2.5 ;;
    Machine:*AArch64) oldest=GLIBC_2.17 ;;
    *'(NEEDED)'*'[libc.so.6]') libc=yes ;;
    *'(NEEDED)'*)
        needed=${line##*[}
        refuse "needs ${needed%]}"
        ;;
    *'(RELR)'*) refuse 'has packed relocations, which came with glibc 2.36' ;;
    *' UND '*@*)
        symbol=${line##* UND }
        named="$named ${symbol%% *}"
        ;;
    *' Name: '*' Flags: '*' Version: '*)
        version=${line##* Name: }
        versions="$versions ${version%% *}"
        ;;
    esac
done <<EOF
$headers
EOF

# A version that no symbol has is one of the loader itself (GLIBC_ABI_DT_RELR).
for symbol in $named; do
    [ "${symbol##*@}" = "$oldest" ] || refuse "asks for $symbol"
done
for version in $versions; do
    case "$named " in
    *"@$version "*) ;;
    *) refuse "asks for $version" ;;
    esac
done
# Not to pass what was not understood.
if [ ! "$refused" ] && { [ ! "$libc" ] || [ ! "$named" ] || [ ! "$versions" ]; }; then
    refuse 'does not look like a library for glibc on x86-64 or aarch64'
fi

[ "$refused" ] || exit 0
echo "$library is refused: $refused. On a system that lacks this, preloading it would end every program:" \
    "nothing but libc.so.6 and ${oldest:-its first version} may be asked for (shim/loadable.sh)." >&2
exit 1
