#!/bin/sh
# SPDX-License-Identifier: MIT
# "Loads anywhere": the library as built, in programs and systems of other kinds. Root folders and what is built for them
# stay in BUILD-FOLDER/anywhere. What this machine does not allow is skipped with its reason and counted. Needs root for
# most of it, and becomes root where that takes no password. Called by make test-anywhere.
#   [TEST_PACKAGES='PACKAGE...'] run.sh BUILD-FOLDER [PART...]
# Parts that are run when none is named: foreign older secure aarch64 across gvisor. The others run make test in a root
# of Debian: debian12 and debian13 as root, debian12-user and debian13-user as a user.
set -u
[ "$(id -u)" = 0 ] || ! sudo -n true 2>/dev/null || exec sudo -n sh "$0" "$@"
build=$(cd "$1" && pwd) || exit 1
anywhere=$build/anywhere
# shellcheck disable=SC2034 # read by the parts, as are anywhere and simcuda
library=$build/libgpuwarm.so
simcuda=$build/simcuda
scratch=$(mktemp -d /tmp/gpuwarm-anywhere-XXXXXX) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP
# Programs of an unprivileged user run in it, and their driver writes a journal.
chmod 1777 "$scratch"
mkdir -p "$anywhere" "$scratch/home"
# shellcheck disable=SC2034 # read by check.sh
settings=
# shellcheck disable=SC2034 # set by older.sh, read by secure.sh
older_ready=
# shellcheck source=tests/anywhere/check.sh
. tests/anywhere/check.sh
# shellcheck source=tests/anywhere/roots.sh
. tests/anywhere/roots.sh

# suites NAME BUILD INSIDE...: all unit and end-to-end tests, in a root; shows how many, and what was skipped and why.
suites() {
    suites_name="$1: unit and end-to-end tests"
    suites_build=$2
    shift 2
    check_that "$suites_name" "$@" sh tests/run.sh "$suites_build" unit-tests e2e-tests || return
    grep -a '^\[SKIP\]\|^\[====\]' "$scratch/check.log"
}

shift
[ $# -gt 0 ] || set -- foreign older secure aarch64 across gvisor
for part; do
    echo "-- $part"
    case $part in
    debian*) script=debian ;;
    *) script=$part ;;
    esac
    # shellcheck disable=SC1090 # each is checked by itself
    . "tests/anywhere/$script.sh"
done
check_summary
