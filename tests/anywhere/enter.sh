#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a command in another root folder, where the project and /tmp are at the same paths as outside. Must be started in
# a mount namespace of its own (unshare --mount), with which everything that is mounted here goes away:
#   [CHROOT=yes] [BINFMT=FILE] enter.sh ROOT COMMAND...
# With CHROOT, as in a container made by hand: chroot, in which there are no user namespaces, and a /tmp of its own.
# With BINFMT, a file in the form of binfmt.d, programs of that architecture run under the emulator it names: registered
# in a binfmt_misc that belongs to the user namespace (unshare --user; Linux 6.7 or newer), never the machine's. It is
# registered without the flag O, with which every program would find itself open at the lowest free descriptor.
set -eu
root=$1
shift
chroot=${CHROOT:-}
unset CHROOT
mount --rbind "$root" "$root"
for folder in /proc /dev /tmp "$PWD"; do
    mkdir -p "$root$folder"
    case $chroot$folder in
    yes/tmp) mount -t tmpfs -o mode=1777 tmpfs "$root/tmp" ;;
    *) mount --rbind "$folder" "$root$folder" ;;
    esac
done
if [ "$chroot" ]; then
    # A user has to come to the project, also where the directories above it are somebody's alone outside.
    above=$(dirname "$PWD")
    while [ "$above" != / ]; do
        chmod a+rx "$root$above"
        above=$(dirname "$above")
    done
    # shellcheck disable=SC2016 # the shell inside expands it
    exec chroot "$root" sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"
fi
if [ -n "${BINFMT:-}" ]; then
    mkdir -p "$root/run/binfmt"
    mount -t binfmt_misc none "$root/run/binfmt"
    sed 's/:O*PF$/:PF/' "$BINFMT" >"$root/run/binfmt/register"
    unset BINFMT
fi
# Not chroot, after which the tests could make no user namespace. The old root ends up below the new one, and is dropped.
project=$PWD
cd "$root"
pivot_root . .
umount -l .
cd "$project"
exec "$@"
