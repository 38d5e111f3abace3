# SPDX-License-Identifier: MIT
"""Checks of what a warm-up leaves in the process, and of what a program can then still do: the current context, the
driver's threads, devices chosen late, a fork, flags and a reset."""

import re

import client_run
from checks import SECONDS, compared, must_be_same, outcome, same_or_finding, skipped
from client_run import Skipped, why_not


def current_context(kit):
    """None may be current, and the context that the program retains must be the one that is there."""
    cold, warm = compared(kit, [kit.program("hosts/untouched")], "load")
    if cold.status != 0:
        return skipped(f"does not run without the library: {cold.ending()}; {cold.complaint}")
    if warm.status != 0:
        return outcome("failed", f"{warm.ending()} under the library; {warm.complaint}", warm=warm.output)
    if not warm.report() or warm.report()["result"] != "warm":
        return outcome("failed", f"not warmed: {why_not(warm.report())}")
    states = [line for line in warm.output if "current context" in line]
    primary = [
        re.sub(r".*primary context (flags \d+ active \d).*", r"\1", line)
        for process in (cold, warm)
        for line in process.output
        if "primary context" in line
    ]
    text = "in main, after cuInit and after the retain; primary context "
    text += f"without the library: {primary[0]}, under it: {primary[1]}"
    none = len(states) == 3 and all("current context none" in line for line in states)
    return outcome(
        "ok" if none else "failed",
        ("none, " if none else "one IS current, ") + text,
        cold=cold.output,
        warm=warm.output,
    )


def driver_threads(kit):
    """Do the driver's threads block SIGTERM? Those of a warm-up must, for programs that wait for it with sigwait."""
    cold, warm = compared(kit, [kit.program("hosts/untouched")], "load")
    found = [
        [re.search(r"context: other threads (\d+), of which block SIGTERM (\d+)", line) for line in process.output]
        for process in (cold, warm)
    ]
    (cold_threads, cold_blocking), (threads, blocking) = (
        next((tuple(map(int, match.groups())) for match in matches if match), (0, -1)) for matches in found
    )
    text = (
        f"under the library {blocking} of the driver's {threads} threads block SIGTERM, "
        f"without it {cold_blocking} of {cold_threads}"
    )
    if min(cold_blocking, blocking) < 0:
        return skipped("the program did not say")
    good = blocking == threads and cold_threads == threads
    return outcome("ok" if good else "finding", text, cold=cold.output, warm=warm.output)


def chooses_late(kit):
    """Set before the first CUDA call, CUDA_VISIBLE_DEVICES is heeded under auto; under load it comes too late."""
    cold, auto = compared(kit, [kit.program("hosts/chooses_late")], "auto")
    judged = must_be_same(cold, auto, "with the default trigger")
    load = kit.run([kit.program("hosts/chooses_late")], "load", seconds=SECONDS)
    judged["text"] += "; with GPUWARM_TRIGGER=load: " + ", ".join(load.output)
    judged["text"] += "; without the library: " + ", ".join(cold.output)
    judged["data"]["load"] = load.output
    return judged


def forks(kit):
    """CUDA in a forked child: as without the library under auto; under load it cannot work, and the error is told."""
    cold, auto = compared(kit, [kit.program("hosts/forks")], "auto")
    judged = must_be_same(cold, auto, "with the default trigger")
    load = kit.run([kit.program("hosts/forks")], "load", seconds=SECONDS)
    failing = [line for line in load.output if re.match(r"cu\w+ [1-9]", line)]
    judged["data"]["load"] = load.output
    if load.cut or load.status != 0:
        judged["result"] = "failed"
        judged["text"] += f"; with GPUWARM_TRIGGER=load the program {load.ending()}"
    else:
        judged["text"] += "; with GPUWARM_TRIGGER=load the child gets " + (failing[0] if failing else "no error")
    return judged


def flags_driver(kit):
    """cuDevicePrimaryCtxSetFlags before the first use, and cuDevicePrimaryCtxReset after it."""
    return same_or_finding(*compared(kit, [kit.program("hosts/flags")], "load"), "driver API")


def flags_runtime(kit):
    """The same through the runtime: cudaSetDeviceFlags and cudaDeviceReset."""
    why = client_run.lacking(kit, ("gpu", "nvcc"))
    if why:
        return skipped(why)
    try:
        client_run.build(kit, "gpu/hosts/flags-static")
    except Skipped as problem:
        return skipped(str(problem))
    cold, warm = compared(kit, [kit.program("hosts/flags-static")], "load")
    if "copied right" not in cold.output:
        return skipped("does not work here without the library: " + ", ".join(cold.output[-3:]))
    return same_or_finding(cold, warm, "CUDA runtime")
