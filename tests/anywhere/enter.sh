#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a command in another root folder, where the project and /tmp are at the same paths as outside. Must be started in
# a mount namespace of its own (unshare --mount), with which everything that is mounted here goes away:
#   [BINFMT=FILE] enter.sh ROOT COMMAND...
# With BINFMT, a file in the form of binfmt.d, programs of that architecture run under the emulator it names: registered
# in a binfmt_misc that belongs to the user namespace (unshare --user; Linux 6.7 or newer), never the machine's. It is
# registered without the flag O, with which every program would find itself open at the lowest free descriptor.
set -eu
root=$1
shift
mount --rbind "$root" "$root"
for folder in /proc /dev /tmp "$PWD"; do
    mkdir -p "$root$folder"
    mount --rbind "$folder" "$root$folder"
done
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
