# SPDX-License-Identifier: MIT
"""What the checks of the part `safety` share: the shape of an outcome, and comparing a program cold and warmed.

An outcome's result is "ok" (as without the library), "finding" (different, and said how), "failed" (what the library
must never do: a crash, a hang, another output where none is allowed) or "skipped"."""

import difflib


def outcome(result, text, **data):
    return {"result": result, "text": text, "data": data}


def skipped(why):
    return outcome("skipped", why)


def differences(cold, warm):
    """The lines that only one of the two programs printed: "- " without the library, "+ " under it."""
    return [line for line in difflib.ndiff(cold.output, warm.output) if line[0] in "-+"]


SECONDS = 15  # a program that takes longer hangs


def compared(kit, argv, library, seconds=SECONDS):
    """Runs a program cold and under the library."""
    return kit.run(argv, seconds=seconds), kit.run(argv, library, seconds=seconds)


def broken(cold, warm):
    """What the library broke: a hang, or an end by a signal, that is not there without it; or None."""
    if cold.cut or cold.status is None:
        return None
    if warm.cut or (warm.status < 0 <= cold.status):
        return f"{warm.ending()} under the library, {cold.ending()} without; {warm.complaint}"
    return None


def same_or_finding(cold, warm, what):
    """Judges a program that may see a difference but must not break."""
    problem = broken(cold, warm)
    data = {"cold": cold.output, "warm": warm.output, "cold_ending": cold.ending(), "warm_ending": warm.ending()}
    if problem:
        return outcome("failed", problem, **data)
    if cold.status != 0 and not cold.output:
        return outcome("skipped", f"does not run without the library: {cold.ending()}; {cold.complaint}", **data)
    changed = differences(cold, warm)
    if cold.status != warm.status:
        changed.append(f"exit status {cold.status} without, {warm.status} under the library")
    if changed:
        return outcome("finding", f"{what}: " + "; ".join(changed), **data)
    return outcome("ok", f"{what}: the same with and without the library", **data)


def must_be_same(cold, warm, what):
    """Judges a program that must not see any difference."""
    judged = same_or_finding(cold, warm, what)
    if judged["result"] == "finding":
        judged["result"] = "failed"
    return judged
