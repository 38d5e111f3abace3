# SPDX-License-Identifier: MIT
# make test in a Debian of its own, as a container has it: the project is built inside and all its tests are run there, as
# root, or as a user who is nobody else. Sourced by run.sh for debian12, debian12-user, debian13 and debian13-user ($part).
# shellcheck shell=sh disable=SC2154,SC2086 # set by run.sh; lists of words

debian_user='setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all'

debian_suites() {
    debian_prepare "$1" || return
    case $part in
    *-user)
        chown -R 1000:1000 "$debian_build"
        suites "$debian_name, a user" "$debian_build" $debian_inside $debian_user
        ;;
    *) suites "$debian_name, root" "$debian_build" $debian_inside ;;
    esac
}

case $part in
debian12 | debian12-user) debian_suites 12 ;;
debian13 | debian13-user) debian_suites 13 ;;
*) check_fail "$part" 'there is no such part' ;;
esac
