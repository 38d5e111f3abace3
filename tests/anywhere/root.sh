#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes a Debian root folder, unless it is there and complete: packages unpacked by debootstrap and not configured, which
# is enough to run their programs and, as --sysroot, to build for it. --configured makes a whole system, to build in it.
# From the mirror that apt uses. Called by run.sh, as root; says on its last line why it could not.
#   root.sh [--configured] FOLDER SUITE ARCHITECTURE PACKAGE...
set -u
foreign=--foreign
if [ "$1" = --configured ]; then
    foreign=
    shift
fi
root=$1
suite=$2
architecture=$3
made_of="$foreign $*"
shift 3
[ "$(cat "$root/.made-of" 2>/dev/null)" = "$made_of" ] && exit 0

# shellcheck disable=SC1091
. /etc/os-release
mirror_find() {
    # shellcheck disable=SC2016 # apt's own format
    apt-get indextargets --format '$(RELEASE) $(REPO_URI)' | sed -n "s/^${VERSION_CODENAME:-} //p" | head -n 1
}
mirror=$(mirror_find)
# apt tells only what it has lists of.
[ "$mirror" ] || mirror=$(apt-get update -qq && mirror_find)
[ "$mirror" ] || {
    echo "apt has no list of ${VERSION_CODENAME:-this system} and could not get one"
    exit 1
}
rm -rf "$root"
mkdir -p "$root"
# What debootstrap mounts goes away with the namespace, also when it is killed.
# shellcheck disable=SC2086 # nothing, or a word
unshare --mount debootstrap $foreign --variant=minbase --arch="$architecture" --include="$(echo "$@" | tr ' ' ,)" "$suite" "$root" \
    "$mirror" >"$root.log" 2>&1 || {
    echo "debootstrap $suite $architecture: $(tail -n 1 "$root.log")"
    exit 1
}

[ "$foreign" ] || {
    rm -rf "$root/var/cache/apt/archives" "$root/var/lib/apt/lists"
    echo "$made_of" >"$root/.made-of"
    exit 0
}

# The first stage unpacks what is required; the packages asked for, and what they need, are those of "base".
while read -r package archive; do
    grep -qw -- "$package" "$root/debootstrap/base" || continue
    dpkg-deb --fsys-tarfile "$root$archive" | tar -x --keep-directory-symlink -C "$root" || exit 1
done <"$root/debootstrap/debpaths"
# Some containers get a /proc that is a link to itself.
[ ! -L "$root/proc" ] || rm "$root/proc"
# A linker outside must not follow absolute links out of the root.
find "$root/usr/lib" "$root/usr/lib64" -type l -lname '/*' 2>/dev/null | while read -r link; do
    ln -sfr "$root$(readlink "$link")" "$link"
done
rm -rf "$root/var/cache/apt/archives" "$root/usr/share/doc" "$root/usr/share/locale" "$root/usr/share/man"
echo "$made_of" >"$root/.made-of"
