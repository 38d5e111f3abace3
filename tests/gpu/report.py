# SPDX-License-Identifier: MIT
"""The report: report.json, whatever happened, and report.md made from it."""

import datetime
import json
import os
import re

import goals
import machine
import markdown

HERE = os.path.dirname(os.path.abspath(__file__))
FORMAT = 1


def library_version():
    """The library's version, and the commit where there is one."""
    with open(os.path.join(HERE, "..", "..", "shim", "base", "version.h"), encoding="utf-8") as header:
        found = re.search(r'"([\d.]+[^"]*)"', header.read())
    git = ["git", "-C", HERE]
    commit = machine.output_of(git + ["rev-parse", "--short=12", "HEAD"])
    changed = machine.output_of(git + ["status", "--porcelain", "--untracked-files=no"])
    return (found.group(1) if found else "?") + (f" ({commit}{', changed' if changed else ''})" if commit else "")


def new(simulated, command, seed, seconds):
    """A report of nothing yet."""
    return {
        "format": FORMAT,
        "simulated": simulated,
        "label": "SIMULATED" if simulated else "",
        "date": datetime.date.today().isoformat(),
        "command": command,
        "seed": seed,
        "limit_seconds": seconds,
        "library": library_version(),
        "machine": {},
        "versions": {},
        "parts": {},
        "goals": [],
        "failures": [],
        "unset": [],
    }


def conclude(report):
    """Fills in what follows from the parts."""
    for name in ("clients", "services"):
        for each in report["parts"].get(name, {}).get(name, {}).values():
            report["versions"].update(each["versions"])
    report["goals"] = goals.judge(report)


def render(report):
    """report.md."""
    simulated = report["simulated"]
    lines = ["# libgpuwarm on " + (report["machine"].get("gpu") or "no GPU"), ""]
    if simulated:
        lines += [
            "**SIMULATED: every figure here comes from the simulated driver and says nothing about any GPU.** It "
            "shows that the kit works.",
            "",
        ]
    if report.get("no_gpu"):
        lines += [f"Nothing was measured: no GPU here: {report['no_gpu']}.", ""]
        return "\n".join(lines)
    for failure in report["failures"]:
        lines += [f"**FAILED:** {failure}", ""]
    lines += markdown.sections(report)
    rows = [(name, part["result"], f"{part['seconds']:.0f} s") for name, part in report["parts"].items()]
    lines += ["## The run", ""] + markdown.table(["part", "", "took"], rows)
    lines += [
        f"At most {report['limit_seconds']:.0f} s in all; seed {report['seed']}."
        + (f" Not passed on to the programs: {', '.join(report['unset'])}." if report["unset"] else ""),
        "",
    ]
    return "\n".join(lines)


def write(report, folder):
    """Writes both files whole. Called after every part, so that a run that is ended from outside leaves them too."""
    os.makedirs(folder, exist_ok=True)
    try:
        page = render(report)
    except Exception as problem:  # pylint: disable=broad-except
        page = f"# libgpuwarm\n\nThis page could not be made from report.json: {problem!r}\n"
        report["failures"].append(f"report.md: {problem!r}")
    for name, content in (("report.json", json.dumps(report, indent=1, sort_keys=False) + "\n"), ("report.md", page)):
        temporary = os.path.join(folder, f".{name}.tmp")
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(content)
        os.replace(temporary, os.path.join(folder, name))
