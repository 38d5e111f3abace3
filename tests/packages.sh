#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes sure that Debian packages are installed: installs what is missing when the caller may (root, or sudo without a
# password), else prints the one command to type and fails.
#   packages.sh PACKAGE...
set -u
missing=
for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null || {
    echo "Needed and not found:$missing (these are Debian's names)" >&2
    exit 1
}
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root=sudo
else
    echo "Needed and not installed. Type: sudo apt-get install$missing" >&2
    exit 1
fi
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
install='apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300'
# shellcheck disable=SC2086 # lists of words
$as_root $install $missing >/dev/null 2>&1 || {
    $as_root apt-get update -qq && $as_root $install $missing >/dev/null
}
