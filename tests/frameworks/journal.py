# SPDX-License-Identifier: MIT
"""The simulated driver's journal: who was warmed, and when."""

from processes import read


def warm_ups(path):
    """{pid: when the library's kernel was launched in it the first time, CLOCK_MONOTONIC in ns}."""
    when = {}
    for line in read(path).splitlines():
        start, pid, _, function, result, _, detail = line.split("\t")
        if function == "cuLaunchKernel" and "gpuwarm_kernel" in detail and result == "0":
            when.setdefault(int(pid), int(start))
    return when
