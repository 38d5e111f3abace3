# SPDX-License-Identifier: MIT
"""What a run with the library was, beside one without.

WARM    every process that answered was warmed before anybody connected
LATE    some were warmed only after the first client had connected
COLD    some were not warmed at all
BROKEN  it answers otherwise than without the library, ends otherwise, or does not work
"""


def wasted(run):
    """How many processes were warmed and answered nobody."""
    return len((run.warm_idle | run.warm_later) - {one.pid for one in run.answers})


def differs(plain, run):
    """How the run with the library differs from the one without; None: not at all."""
    if run.problem:
        return run.problem
    answers, expected = ({one.text for one in of.answers} for of in (run, plain))
    if answers != expected:
        return f"answers {sorted(answers - expected)[:2]}, without the library {sorted(expected)[:2]}"
    if run.status != plain.status:
        return f"ends with {run.status}, without the library with {plain.status}"
    return None


def judge(plain, run):
    """The verdict and, with BROKEN, why."""
    different = differs(plain, run)
    if different:
        return "BROKEN", different
    answered = {one.pid for one in run.answers}
    if answered <= run.warm_idle:
        return "WARM", ""
    return ("LATE" if answered <= run.warm_idle | run.warm_later else "COLD"), ""
