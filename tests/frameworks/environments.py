# SPDX-License-Identifier: MIT
"""Virtual environments from PyPI: one for each group of frameworks that get along, kept between runs, and made again
when the list of packages changes."""

import importlib.metadata
import os
import shutil
import subprocess
import sys

from kinds import GROUPS


def folder(build, group):
    return f"{build}/frameworks/venv-{group}" if GROUPS[group] else None


def ready(build, group):
    """Makes the group's environment unless it is there: None, or why it cannot be."""
    venv = folder(build, group)
    if not venv:
        return None
    stamp, packages = f"{venv}/packages", " ".join(GROUPS[group]) + "\n"
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as file:
            if file.read() == packages:
                return None
    shutil.rmtree(venv, ignore_errors=True)
    print(f"Installing: {packages}", end="", flush=True)
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = subprocess.run([f"{venv}/bin/pip", "install", "--quiet", "--disable-pip-version-check", *GROUPS[group]],
                         stderr=subprocess.PIPE, text=True, check=False)
    if pip.returncode != 0:
        return f"pip cannot install {packages.strip()}: {(pip.stderr.strip().splitlines() or ['?'])[-1]}"
    with open(stamp, "w", encoding="utf-8") as file:
        file.write(packages)
    return None


def version(build, row):
    """What the framework's package says, or the program of the system that is asked; empty: unknown."""
    venv = folder(build, row.group)
    if row.package.startswith("/"):
        words = row.package.split()
        ran = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        numbers = [word.strip('",v=').removeprefix("go") for word in ran.stdout.split()]
        return next((word for word in numbers if word[:1].isdigit() and "." in word), "")
    if not venv or not row.package:
        return ""
    site = f"{venv}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    found = importlib.metadata.distributions(name=row.package, path=[site])
    return next((one.version for one in found), "")
