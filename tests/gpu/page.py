#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the page of one GPU in docs/measurements/ from a report: `make gpu-page`.

    page.py REPORT.JSON FOLDER

Refuses a simulated report, and one in which nothing was measured. The folder's README.md lists the pages; while there
is none it says that nothing was measured yet."""

import json
import os
import re
import sys

import markdown

NOTHING = "Not yet measured on a GPU.\n"


class Refused(Exception):
    """This report makes no page."""


def slug(gpu):
    """The page's file name: "NVIDIA H100 80GB HBM3" gives nvidia-h100-80gb-hbm3."""
    return re.sub(r"[^a-z0-9]+", "-", gpu.lower()).strip("-")


def check(report):
    """Refused, with its reason, when this report must not be published."""
    gpu = report["machine"].get("gpu", "")
    if report["simulated"] or gpu.lower().startswith("simulated"):
        raise Refused("its figures are simulated")
    if report.get("no_gpu") or not gpu:
        raise Refused("nothing was measured in it")
    results = ("variants", "clients", "checks", "services", "entries")
    if not any(part.get(name) for part in report["parts"].values() for name in results):
        raise Refused("no part in it has a result")


def render(report):
    """The page."""
    machine = report["machine"]
    driver = f"driver {machine['driver']}, " if machine.get("driver") else ""
    lines = [
        f"# {machine['gpu']}",
        "",
        f"Measured on {report['date']} with {driver}CUDA {machine['driver_cuda']}, by `{report['command']}`. Made from "
        "its report by `make gpu-page`; not edited.",
        "",
    ]
    return "\n".join(lines + markdown.sections(report)).rstrip() + "\n"


def index(folder):
    """README.md of the folder: the pages in it, with the first line of each as its name."""
    pages = sorted(name for name in os.listdir(folder) if name.endswith(".md") and name != "README.md")
    rows = []
    for name in pages:
        with open(os.path.join(folder, name), encoding="utf-8") as page:
            lines = page.read().splitlines()
        rows.append(f"- [{lines[0].lstrip('# ')}]({name}): {lines[2].split('. ')[0].rstrip('.')}.")
    return "# Measurements\n\n" + ("\n".join(rows) + "\n" if rows else NOTHING)


def write(report, folder):
    """Writes the page and the list of pages; gives the page's path."""
    check(report)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, slug(report["machine"]["gpu"]) + ".md")
    for name, content in ((path, lambda: render(report)), (os.path.join(folder, "README.md"), lambda: index(folder))):
        made = content()
        with open(name, "w", encoding="utf-8") as file:
            file.write(made)
    return path


def main(argv):
    if len(argv) != 2:
        print("usage: page.py REPORT.JSON FOLDER", file=sys.stderr)
        return 2
    try:
        with open(argv[0], encoding="utf-8") as file:
            print(write(json.load(file), argv[1]))
    except (OSError, ValueError, KeyError, Refused) as why:
        print(f"no page: {argv[0]}: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
