# SPDX-License-Identifier: MIT
"""Debuggers and profilers on a warmed program: each tool runs a client without the library, with the default trigger
(which leaves a program alone that a tool is injected into) and with GPUWARM_TRIGGER=load. A tool that does not work
here without the library is left out."""

import re

import machine
from checks import broken, outcome, skipped
from client_run import lacking

# name: (arguments before the program, what its output must say when all is well)
TOOLS = {
    "compute-sanitizer": (["--tool", "memcheck", "--error-exitcode", "9"], r"ERROR SUMMARY: 0 errors"),
    "cuda-gdb": (
        ["-nx", "-batch", "-ex", "set confirm off", "-ex", "run", "-ex", "quit", "--args"],
        r"exited normally",
    ),
    "ncu": (["--launch-count", "2"], r"PROF"),
}
SECONDS = 30


def good(process, says):
    """Did the tool and the program under it end well?"""
    text = "\n".join(process.output) + process.errors.decode(errors="replace")
    return process.status == 0 and re.search(says, text) is not None and "gpuclient value doubled yes" in text


def tool_check(name):
    """The check of one tool."""

    def check(kit):
        why = lacking(kit, ("gpu",))
        program = machine.tool(name)
        if why or not program:
            return skipped(why or "not found")
        arguments, says = TOOLS[name]
        argv = [program] + arguments + [kit.program("clients/driver")]
        cold = kit.run(argv, seconds=SECONDS)
        if not good(cold, says):
            return skipped(
                f"does not work here without the library: {cold.ending()}; {cold.complaint or cold.output[-2:]}"
            )
        runs = {trigger: kit.run(argv, trigger, seconds=SECONDS) for trigger in ("auto", "load")}
        parts = [
            f"GPUWARM_TRIGGER={trigger}: "
            + ("as without the library" if good(run, says) else f"{run.ending()}; {run.complaint or run.output[-2:]}")
            for trigger, run in runs.items()
        ]
        worse = [trigger for trigger, run in runs.items() if broken(cold, run)]
        result = "failed" if worse or not good(runs["auto"], says) else "ok" if good(runs["load"], says) else "finding"
        return outcome(result, "; ".join(parts), **{trigger: run.output[-20:] for trigger, run in runs.items()})

    return check
