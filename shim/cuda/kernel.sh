#!/bin/sh
# SPDX-License-Identifier: MIT
# The warm-up kernel as a compressed fat binary, with the toolkit that NVCC is of: GPUs that it does not know are left
# out, and it fails when it knows none. Called by make.
#   NVCC=nvcc kernel.sh PTX OUTPUT GPU...
set -eu
ptx=$1
output=$2
shift 2

# fail WHY: what make shows.
fail() {
    echo "kernel.sh: $1; make FAT_BINARY=no builds the library without machine code" >&2
    exit 1
}

nvcc=$(command -v "${NVCC:-nvcc}") || fail "no ${NVCC:-nvcc}"
folder=$(dirname "$(readlink -f "$nvcc")") # nvcc may be a link into the toolkit
[ -x "$folder/ptxas" ] || folder=$(dirname "$nvcc")
if ! [ -x "$folder/ptxas" ] || ! [ -x "$folder/fatbinary" ]; then
    fail "no ptxas and fatbinary beside $nvcc"
fi
images=
for gpu in "$@"; do
    if "$folder/ptxas" -O3 "-arch=sm_$gpu" "$ptx" -o "$output.$gpu" 2>/dev/null; then
        images="$images --image3=kind=elf,sm=$gpu,file=$output.$gpu"
    fi
done
[ -n "$images" ] || fail "$folder/ptxas assembles $ptx for none of the GPUs $*"
images="$images --image3=kind=ptx,sm=50,file=$ptx"
# The newest toolkits compress with Zstandard unless told to be fast: drivers of CUDA 12 and before know only the older way.
mode=
! "$folder/fatbinary" --help | grep -q compress-mode || mode=--compress-mode=speed
# shellcheck disable=SC2086
"$folder/fatbinary" --64 --compress-all $mode $images --create="$output"
for gpu in "$@"; do
    rm -f "$output.$gpu"
done
