#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures libgpuwarm on this machine's GPU: `make gpu-test`; with --simulated, the kit itself on the simulated driver.

    gpu_test.py [--build FOLDER] [--output FOLDER] [--simulated] [--seed N] [--seconds S] [PART...]

Parts: split, safety, clients, services, libraries; all where none is named. Leaves report.json and report.md in the output folder whatever
happens. Exit status: 0 when all that was wanted was done, 1 when a part failed or was cut, 77 when there is no GPU, 130
when it was interrupted. A goal that was not reached is in the report and no failure. Settings of the GPU are read only.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import time
import traceback

import driver
import machine
import part_clients
import part_libraries
import part_safety
import part_services
import part_split
import report as reports
from budget import Budget, OutOfTime
from kit import SIMULATED_COSTS, Kit

# In the order of the run; the weight is a part's share of the time that is left when it starts.
PARTS = {
    "split": (2, part_split.run),
    "safety": (5, part_safety.run),
    "clients": (6, part_clients.run),
    "services": (5, part_services.run),
    "libraries": (3, part_libraries.run),
}
NO_GPU, INTERRUPTED = 77, 130
RESERVE = 0.02  # of the time, for the report and the last process that is ended


def arguments_parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; default: all")
    parser.add_argument("--build", default="build", help="where make built everything; default: %(default)s")
    parser.add_argument("--output", help="default: BUILD/gpu, or BUILD/gpu-simulated")
    parser.add_argument("--simulated", action="store_true", help="test the kit on the simulated driver")
    parser.add_argument("--seed", type=int, default=None, help="of the random moments; default: a random one")
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("GPU_TEST_SECONDS") or 480))
    parser.add_argument("--count", action="append", default=[], metavar="NAME=N", help="instead of a number in kit.py")
    arguments = parser.parse_args(argv)
    unknown = [part for part in arguments.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part {', '.join(unknown)}: there are {', '.join(PARTS)}")
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1000000)
    arguments.build = os.path.abspath(arguments.build)
    arguments.output = os.path.abspath(
        arguments.output or os.path.join(arguments.build, "gpu-simulated" if arguments.simulated else "gpu")
    )
    return arguments


def kit_make(arguments):
    """The kit and the names of the variables that were unset for the programs."""
    shutil.rmtree(os.path.join(arguments.output, "cache"), ignore_errors=True)  # every run starts with empty caches
    os.makedirs(os.path.join(arguments.output, "cache", "cuda"))  # a folder that the driver need not make
    if arguments.simulated:
        environment, unset = (
            driver.simulated_environment(os.environ, arguments.build, arguments.output, SIMULATED_COSTS),
            [],
        )
    else:
        environment, unset = driver.clean_environment(os.environ, arguments.output)
    counts = {name: int(number) for name, number in (pair.split("=") for pair in arguments.count)}
    kit = Kit(arguments.build, arguments.output, arguments.simulated, environment, arguments.seed, counts)
    kit.budget = Budget(arguments.seconds * (1 - RESERVE))
    return kit, unset


def part_run(kit, run, part):
    """One part, in its own time; whatever happens in it is in `part`."""
    begin = time.monotonic()
    try:
        run(kit, part)
    except OutOfTime as problem:
        part["cut"] = str(problem)
    except Exception as problem:  # pylint: disable=broad-except
        part["error"] = f"{type(problem).__name__}: {problem}"
        part["trace"] = traceback.format_exc()
    except BaseException:
        part["cut"] = "interrupted"
        raise
    finally:
        part["seconds"] = time.monotonic() - begin
        part["result"] = "failed" if part.get("error") or part.get("failures") else "cut" if part.get("cut") else "ok"


def parts_run(kit, wanted, report):
    whole = kit.budget
    for number, name in enumerate(wanted):
        weights = [PARTS[other][0] for other in wanted[number:]]
        kit.budget = whole.share(weights[0], weights)
        kit.say(f"{name}: {kit.budget.left():.0f} s at the most")
        report["parts"][name] = part = {"result": "cut", "seconds": 0.0}
        part_run(kit, PARTS[name][1], part)
        kit.say(f"{name}: {part['result']} {part.get('error') or part.get('cut') or ''}")
        reports.conclude(report)
        reports.write(report, kit.output)


def settings_compare(kit, report):
    """The GPU's settings after the run must be those before it."""
    before, after = report["machine"]["settings"], machine.settings(kit)
    changed = [
        f"{name}: {before[name]} before, {after[name]} after"
        for name in before
        if after.get(name, before[name]) != before[name]
    ]
    if changed:
        report["failures"].append("settings of the GPU are not as before the run: " + "; ".join(changed))


def measure(kit, wanted, report):
    """The whole run; gives the exit status."""
    driver.find(kit)
    why = driver.why_no_gpu(kit)
    if why:
        report["no_gpu"] = why
        print(f"gpu-test: no GPU here, nothing is measured: {why}")
        return NO_GPU
    report["machine"] = machine.describe(kit)
    if report["machine"]["settings"].get("compute_mode", "").startswith("Exclusive"):
        kit.counts["at once"] = 1  # only one process at a time can use this GPU
    kit.say(
        f"{'SIMULATED: ' if kit.simulated else ''}{report['machine']['gpu']}, driver library {kit.probe['library']}"
    )
    parts_run(kit, wanted, report)
    settings_compare(kit, report)
    bad = [part for part in report["parts"].values() if part["result"] != "ok"]
    return 1 if bad or report["failures"] else 0


def interrupt(number, _):
    raise KeyboardInterrupt(f"signal {number}")


def main(argv):
    arguments = arguments_parse(argv)
    command = "make gpu-test-simulated" if arguments.simulated else "make gpu-test"
    command += f' PARTS="{" ".join(arguments.parts)}"' if arguments.parts else ""
    report = reports.new(arguments.simulated, command, arguments.seed, arguments.seconds)
    signal.signal(signal.SIGTERM, interrupt)
    status, kit = 1, None
    try:
        kit, report["unset"] = kit_make(arguments)
        status = measure(kit, [part for part in PARTS if part in (arguments.parts or PARTS)], report)
    except KeyboardInterrupt as why:
        report["failures"].append(f"interrupted {why}".strip())
        status = INTERRUPTED
    except Exception as problem:  # pylint: disable=broad-except
        report["failures"].append(f"the kit broke: {problem!r}")
        report["trace"] = traceback.format_exc()
        print(report["trace"], file=sys.stderr)
    finally:
        reports.conclude(report)
        reports.write(report, arguments.output)
        if kit:
            shutil.rmtree(kit.scratch, ignore_errors=True)
    for goal in report["goals"]:
        if goal["reached"] is False:
            print(f"goal NOT reached: {goal['goal']}: {goal['of']}: {goal['text']}")
    print(f"{os.path.join(arguments.output, 'report.md')}: exit status {status}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
