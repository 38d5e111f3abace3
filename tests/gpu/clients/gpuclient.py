# SPDX-License-Identifier: MIT
"""What the clients in Python share: doing the same piece of GPU work a number of times and printing when, in the lines
that client.h describes. Imported before anything that takes time, so that `main` is when the script began."""

import argparse
import sys
import time

MAIN = time.monotonic_ns()
CALLS = 21


def arguments(works=()):
    """--device (cuda, or cpu to try a client where no GPU is), and the work where there are several."""
    parser = argparse.ArgumentParser()
    if works:
        parser.add_argument("work", choices=works)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    return parser.parse_args()


def skip(reason):
    """It cannot run here, and the library has nothing to do with that."""
    print(f"gpuclient skip {reason}")
    sys.exit(77)


def timed(function):
    """(begin, end, outcome) of a function that gives its outcome once the GPU has computed it."""
    begin = time.monotonic_ns()
    outcome = function()
    return begin, time.monotonic_ns(), outcome


def close(numbers, expected):
    """Are two arrays the same up to what reduced precision (TF32) makes of them?"""
    return numbers.shape == expected.shape and bool(abs(numbers - expected).max() <= 0.02 * abs(expected).max())


def measure(call, expect, setup=None, versions=None):
    """Runs `setup` once, where there is one, and `call` CALLS times, which gives an array on the CPU; then prints all.
    expect() computes on the CPU what that must be, versions() gives {name: text}. These two are called after the last
    timed call: asking a library for its version may start it."""
    prepared = timed(setup) if setup else None
    calls = [timed(call) for _ in range(CALLS)]
    print(f"gpuclient main {MAIN}")
    if prepared:
        print(f"gpuclient setup {prepared[0]} {prepared[1]}")
    for begin, end, _ in calls:
        print(f"gpuclient call {begin} {end}")
    expected = expect()
    print(f"gpuclient value right {'yes' if all(close(outcome, expected) for _, _, outcome in calls) else 'no'}")
    try:
        found = versions() if versions else {}
    except Exception as problem:  # pylint: disable=broad-except
        found = {"versions": repr(problem)}
    for name, version in found.items():
        print(f"gpuclient version {name} {' '.join(str(version).split())[:100]}")
