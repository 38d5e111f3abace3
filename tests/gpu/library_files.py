# SPDX-License-Identifier: MIT
"""Where cuBLAS and cuDNN are on this machine: with PyTorch, whose packages bring them, or with a CUDA toolkit."""

import glob
import os
import re
import sys

PACKAGES = ("nvidia/*/lib", "torch/lib")
SYSTEM = (
    "/usr/local/cuda/lib64",
    "/usr/local/cuda-*/lib64",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
)


def folders(packages=None):
    """The folders in which such libraries are, those of Python's packages first."""
    packages = sys.path if packages is None else packages
    patterns = [os.path.join(folder, package) for folder in packages if folder for package in PACKAGES]
    return [folder for pattern in patterns + list(SYSTEM) for folder in sorted(glob.glob(pattern), reverse=True)]


def find(name, packages=None):
    """The library of this name (cublas, cudnn), by its soname as in libcublas.so.13; or None."""
    for folder in folders(packages):
        found = glob.glob(os.path.join(glob.escape(folder), f"lib{name}.so.*"))
        sonames = sorted(file for file in found if re.search(r"\.so\.\d+$", file))
        if sonames:
            return sonames[-1]
    return None


def search_path(given):
    """LD_LIBRARY_PATH with which such a library finds the others that it needs."""
    ours = [folder for folder in folders() if not folder.startswith("/usr/lib")]
    return ":".join([folder for folder in given.split(":") if folder] + ours)
