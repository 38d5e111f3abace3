# SPDX-License-Identifier: MIT
"""What a client printed, as a reading: one function for each kind of output that the table of clients names.

A reading is {"calls": [ms...], "setup": ms or None, "first_ns": when the first result was there or None,
"values": {name: text}, "versions": {name: text}, "skip": why it cannot run here or None}."""

import re


class Unreadable(Exception):
    """The client did not print what its entry says."""


def reading(calls, setup=None, first_ns=None, values=None, versions=None, skip=None):
    return {
        "calls": calls,
        "setup": setup,
        "first_ns": first_ns,
        "values": values or {},
        "versions": versions or {},
        "skip": skip,
    }


def common(lines):
    """The lines that clients/client.h describes."""
    calls, setup, skip = [], None, None
    named = {"value": {}, "version": {}}
    for _, line in lines:
        words = line.split(None, 3)
        if len(words) < 3 or words[0] != "gpuclient":
            continue
        if words[1] == "call":
            calls.append((int(words[2]), int(words[3])))
        elif words[1] == "setup":
            setup = (int(words[3]) - int(words[2])) / 1e6
        elif words[1] in named:
            named[words[1]][words[2]] = words[3] if len(words) > 3 else ""
        elif words[1] == "skip":
            skip = line.split(None, 2)[2]
    if not calls and not skip:
        raise Unreadable("no call in its output")
    return reading(
        [(end - begin) / 1e6 for begin, end in calls],
        setup,
        calls[0][1] if calls else None,
        named["value"],
        named["version"],
        skip,
    )


def first_second(lines):
    """examples/driver-api: two lines, printed at its end, so when the first result was there is not known."""
    found = [re.match(r"(first|second)\s+([\d.]+) ms$", line) for _, line in lines]
    calls = [float(match.group(2)) for match in found if match]
    if len(calls) != 2:
        raise Unreadable("no two lines, first and second")
    return reading(calls)


def iterations(lines):
    """examples/pytorch/first_call.py: a line for each iteration, as it is done."""
    found = [(ns, re.match(r"iteration \d+: ([\d.]+) s$", line)) for ns, line in lines]
    found = [(ns, float(match.group(1)) * 1e3) for ns, match in found if match]
    if not found:
        raise Unreadable("no iteration in its output")
    return reading([ms for _, ms in found], first_ns=found[0][0])


KINDS = {"common": common, "first_second": first_second, "iterations": iterations}
