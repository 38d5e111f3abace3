#!/bin/sh
# SPDX-License-Identifier: MIT
# The rule of rooms (docs/design.md): includes between the shim's directories go down only, and carry the directory. Shows
# each that does not; fails when there is one. Called by make lint.
#   rooms.sh FOLDER
set -u
cd "$1" || exit 1
grep -rnE '^ *# *include "' --include='*.[ch]' --include='*.def' . | awk -F'[:"]' '
    BEGIN {
        count = split("base elf policy cuda report session interpose gpuwarm", rooms, " ")
        for (i = 1; i <= count; i++) height[rooms[i]] = i
    }
    # The directory of a path, or for the files beside the directories what they are called.
    function room(path) {
        sub(/^\.\//, "", path)
        return path ~ /\// ? substr(path, 1, index(path, "/") - 1) : substr(path, 1, index(path, ".") - 1)
    }
    room($1) == "cli" { next }
    !(room($4) in height) { print $1 ":" $2 ": " $4 " is in no room"; wrong = 1; next }
    height[room($4)] > height[room($1)] { print $1 ":" $2 ": " room($1) " includes " $4 ", which is above it"; wrong = 1 }
    END { exit wrong }'
