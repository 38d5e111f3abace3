# SPDX-License-Identifier: MIT
"""What all parts share: where things are, what the environment of a program is with the library and without it, how
much time is left, and starting programs. A part asks for everything through this object and keeps no state outside."""

import functools
import itertools
import json
import os
import signal
import time

from budget import OutOfTime
from figures import figure
from process import Process

# How often things are done: on a GPU, and on the simulated driver, where only the kit itself is tested.
COUNTS = {
    "split": (9, 2),
    "driver": (9, 2),
    "runtime": (9, 2),
    "service": (9, 2),
    "framework": (7, 2),
    "services": (7, 2),
    "library": (7, 2),
    "prefetch": (7, 2),
    "memory": (3, 1),
    "deaths": (300, 12),
    "at once": (8, 2),
}
# What first calls cost on the simulated driver, in milliseconds: no claim, only different from nothing.
SIMULATED_COSTS = "cuInit=40,cuDevicePrimaryCtxRetain=25,cuModuleLoadDataEx=3,cuLaunchKernel=2,cuMemHostAlloc=1"


class WrongDriver(Exception):
    """A program ran on the simulated driver where a GPU was meant, or the other way round."""


class Kit:
    def __init__(self, build, output, simulated, environment, seed, scale=None):
        self.build, self.output, self.simulated, self.seed = build, output, simulated, seed
        self.environment = environment  # of a program without the library
        self.counts = {name: pair[bool(simulated)] for name, pair in COUNTS.items()}
        self.counts.update(scale or {})
        self.budget = None  # of the part that runs
        self.probe = {}  # what hosts/probe.c said
        self.missing = {}  # name of a program or client: why it is not there
        self._begin = time.monotonic()
        self._numbers = itertools.count(1)
        self.scratch = os.path.join(output, "scratch")
        os.makedirs(self.scratch, exist_ok=True)
        open(os.path.join(output, "log.txt"), "w", encoding="utf-8").close()

    def say(self, text):
        """Progress, for people."""
        print(f"[{time.monotonic() - self._begin:4.0f} s] {text}", flush=True)

    def path(self, *names):
        """A file of the build folder."""
        return os.path.join(self.build, *names)

    def program(self, name):
        """A program of the kit, such as hosts/memory."""
        return self.path("gpu", name)

    def scratch_file(self, name):
        """A file name that nobody else uses."""
        return os.path.join(self.scratch, f"{next(self._numbers)}-{name}")

    def library_environment(self, trigger, report, settings):
        """The environment of a program under the library; `trigger` is a value of GPUWARM_TRIGGER, or auto: unset."""
        environment = dict(self.environment, LD_PRELOAD=self.path("libgpuwarm.so"), GPUWARM_REPORT=report)
        if trigger != "auto":
            environment.update(GPUWARM_TRIGGER=trigger, GPUWARM_DEVICE="0")
        environment.update(settings or {})
        return environment

    def start(self, argv, library=None, settings=None, keep_stdin=False):
        """Starts a program, under the library where `library` is a trigger. Its report is then in .report()."""
        file = self.scratch_file("warm.json")
        environment = dict(self.environment, **(settings or {}))
        if library:
            environment = self.library_environment(library, file, settings)
        process = Process(argv, environment, keep_stdin=keep_stdin)
        process.report = functools.lru_cache(None)(lambda: self.read_report(file) if library else None)
        return process

    def run(self, argv, library=None, settings=None, seconds=30):
        """Runs a program to its end, or for `seconds` at the most: it is then cut. OutOfTime when it was the part's
        time that was up, which says nothing about the program."""
        process = self.start(argv, library, settings).finish(self.budget.limit(seconds))
        self.note(process)
        if process.cut and self.budget.left() < 1:
            raise OutOfTime(f"{os.path.basename(argv[0])} was cut: no time left")
        return process

    def note(self, process):
        """Keeps in log.txt what a program said that did not end well, for who wants to know more than the report."""
        if process.status in (0, -signal.SIGTERM):  # a service is ended so
            return
        with open(os.path.join(self.output, "log.txt"), "a", encoding="utf-8") as log:
            log.write(
                f"$ {' '.join(process.argv)}\n{process.ending()}\n"
                + "\n".join(process.output[-20:])
                + "\n"
                + process.errors.decode(errors="replace")[-4000:]
                + "\n"
            )

    def read_report(self, file):
        """The library's report of one process, or None; WrongDriver when it is about the other kind of driver."""
        try:
            with open(file, encoding="utf-8", errors="replace") as text:
                report = json.load(text)
            os.unlink(file)
        except (OSError, ValueError):
            return None
        for device in report["devices"]:
            if device["name"] and device["name"].startswith("Simulated") != self.simulated:
                raise WrongDriver(f"a program was given {device['name']}")
        return report


def stage_times(value, within=""):
    """(name, ms) of everything in a report that has both, in its order; the entries of a stage, such as the libraries
    that it warmed, as "STAGE: ENTRY"."""
    if isinstance(value, list):
        return [found for item in value for found in stage_times(item, within)]
    if not isinstance(value, dict):
        return []
    named = isinstance(value.get("name"), str) and "ms" in value
    name = within + value["name"] if named else ""
    inside = [stage_times(item, name + ": " if named else within) for item in value.values()]
    return ([(name, value["ms"])] if named else []) + [found for each in inside for found in each]


def warm_times(report):
    """What the warm-up took, whole and by stage, in milliseconds, and what was missing of it, as text or None; None when
    the process was not warmed. One that was warmed in part is measured too, and the report says so."""
    if not report or report["result"] not in ("warm", "partial"):
        return None
    partial = report["reason"] if report["result"] == "partial" else None
    return {"total": report["total_ms"], "stages": dict(stage_times(report)), "partial": partial}


def warm_up_figures(warm_ups, simulated):
    """The figures of several warm-ups; those that are None are left out, and None is given where none is left."""
    warm_ups = [warm_up for warm_up in warm_ups if warm_up]
    if not warm_ups:
        return None
    names = dict.fromkeys(stage for warm_up in warm_ups for stage in warm_up["stages"])
    stages = {stage: figure((warm_up["stages"].get(stage) for warm_up in warm_ups), simulated) for stage in names}
    return {"total": figure((warm_up["total"] for warm_up in warm_ups), simulated), "stages": stages}
