# SPDX-License-Identifier: MIT
"""Running a client once, cold or under the library, and making a sample of what it gave: first call, second, steady
state (the median of the others), and from the start of the process to the first result."""

import os
import re
import signal
import statistics
import sys
import time

import library_files
import machine
from budget import OutOfTime
from kit import warm_times
from readings import KINDS, Unreadable, reading

HERE = os.path.dirname(os.path.abspath(__file__))
REQUESTS = 20


class Skipped(Exception):
    """The client cannot run on this machine, and why; nobody's fault."""


class Failed(Exception):
    """The client ran and did not do what it should."""


def command(kit, client):
    """The client's command line with its paths."""
    places = {
        "build": kit.build,
        "python": sys.executable,
        "clients": os.path.join(HERE, "clients"),
        "examples": os.path.join(HERE, "..", "..", "examples"),
    }
    return [os.path.normpath(word.format(**places)) if "{" in word else word for word in client.command]


def lacking(kit, needs):
    """Why what a client needs is not here, or None."""
    for need in needs:
        if need == "gpu" and kit.simulated:
            return "the simulated driver cannot run it"
        if need.startswith("library:") and not library_files.find(need.split(":")[1]):
            return f"no lib{need.split(':')[1]}.so found"
        if need == "nvcc" and not machine.tool("nvcc"):
            return "no nvcc"
        if need.startswith("python:"):
            module = need.split(":")[1]
            find = f"import importlib.util as u, sys; sys.exit(u.find_spec({module!r}) is None)"
            if kit.run([sys.executable, "-B", "-c", find], seconds=30).status != 0:
                return f"no {module} in {os.path.basename(sys.executable)}"
    return None


def build(kit, target):
    """Makes a target that needs nvcc; Skipped when that cannot build it, which says nothing about the library."""
    nvcc = machine.tool("nvcc")
    library = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(nvcc))), "lib64")
    arch = "-arch=sm_" + kit.probe["devices"][0]["capability"].replace(".", "")
    problem = ""
    for flags in (arch, "", "-allow-unsupported-compiler"):
        make = [
            "make",
            "-s",
            "-C",
            os.path.join(HERE, "..", ".."),
            f"BUILD={kit.build}",
            f"NVCC={nvcc}",
            f"NVCC_FLAGS={flags}",
            f"CUDA_LIB={library}",
            kit.path(target),
        ]
        process = kit.run(make, seconds=60)
        if process.status == 0:
            return
        problem = process.complaint
    raise Skipped(f"nvcc does not build it: {problem}")


def sample(client, process, taken, warmed):
    """One run's figures in milliseconds, from its reading."""
    calls = taken["calls"]
    rest = calls[2:] or calls[1:]
    first_ns = taken["first_ns"]
    return {
        "first": calls[0],
        "second": calls[1] if len(calls) > 1 else None,
        "steady": statistics.median(rest) if rest else None,
        "setup": taken["setup"],
        "to_first": (first_ns - process.started_ns) / 1e6 if first_ns else None,
        "values": taken["values"],
        "versions": taken["versions"],
        "warm_up": warm_times(process.report()) if warmed else None,
    }


def run_program(kit, client, library, settings):
    """A client that prints its own times."""
    process = kit.run(command(kit, client), library, settings, client.seconds)
    try:
        taken = KINDS[client.output](process.lines)
    except (Unreadable, ValueError, IndexError) as problem:
        raise Failed(f"{process.ending()}; {problem}; {process.complaint}") from problem
    if taken["skip"]:
        raise Skipped(taken["skip"])
    if process.status != 0:
        raise Failed(f"{process.ending()}; {process.complaint}")
    return process, taken


def ask(client, port, deadline):
    """Times the requests; gives the reading."""
    times, right, first_ns = [], True, None
    for _ in range(REQUESTS):
        left = deadline - time.monotonic()
        if left <= 0:
            raise OSError("it took too long")
        begin = time.monotonic_ns()
        doubled = client.request(port, left)
        end = time.monotonic_ns()
        first_ns = first_ns or end
        times.append((end - begin) / 1e6)
        right = right and doubled is not False
    return reading(times, first_ns=first_ns, values={"doubled": "yes" if right else "no"})


def run_service(kit, client, library, settings):
    """A client that listens: started, asked, and ended by SIGTERM."""
    limit = kit.budget.limit(client.seconds)
    deadline = time.monotonic() + limit
    process = kit.start(command(kit, client), library, settings)
    try:
        match = process.wait_for(limit, lambda line: re.search(client.ready, line))
        if not match and kit.budget.left() < 1:
            raise OutOfTime("a service was cut")
        if not match:
            raise Failed(f"it did not say that it listens; {process.complaint}")
        taken = ask(client, int(match.group(1)), deadline)
        process.signal(signal.SIGTERM)
    except OSError as problem:
        process.finish(1)
        raise Failed(f"no answer: {problem}; {process.complaint}") from problem
    finally:
        kit.note(process.finish(5))
    return process, taken


def run_once(kit, client, library=None, settings=None):
    """One run; `library` is the trigger, None: cold. A run that was to be warmed and was not is a failure."""
    run = run_service if client.ready else run_program
    process, taken = run(kit, client, library, settings)
    computed = client.doubles and (not kit.simulated or client.kind == "library")  # there is a stand-in that computes
    if computed and taken["values"].get("doubled") != "yes":
        raise Failed("its answer is wrong: the kernel did not run")
    if taken["values"].get("right") == "no":
        raise Failed("its answer is wrong")
    result = sample(client, process, taken, library)
    if library and not result["warm_up"]:
        raise Failed(f"not warmed: {why_not(process.report())}")
    return result


def why_not(report):
    """Why a process was not warmed, by its report."""
    return f"{report['result']}: {report['reason']}" if report else "the library left no report"


def recognised(kit, client):
    """What GPUWARM_TRIGGER=auto, the default, makes of the client: "warm" or the reason why not."""
    limit = kit.budget.limit(client.seconds)
    process = kit.start(command(kit, client), "auto")
    if client.ready:
        process.wait_for(limit, lambda line: re.search(client.ready, line))
        process.signal(signal.SIGTERM)
    process.finish(5 if client.ready else limit)
    report = process.report()
    return "warm" if report and report["result"] == "warm" else why_not(report)
