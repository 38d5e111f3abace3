# SPDX-License-Identifier: MIT
"""Part `split`: where the time of a process's first CUDA use goes, call by call, in fresh processes: cold, cold without
the driver's cache of compiled kernels, and under the library. The very first process on the machine is told apart: it
may pay for what no later one pays.

What is run is gpuwarm-bench (shim/cli/bench.c): the library's own warm-up, twice in one process."""

import json

from budget import OutOfTime
from figures import figure
from kit import warm_times, warm_up_figures

# name: (trigger of the library, variables)
VARIANTS = {"cold": (None, {}), "no-cache": (None, {"CUDA_CACHE_DISABLE": "1"}), "warmed": ("load", {})}
LEAST = 7  # processes; fewer are shown, and said to be too few
# The rows of the table that is published, in the order of the calls; a call that is in none is an "other call".
ROWS = (
    ("open libcuda.so.1", ("dlopen", "dlsym")),
    ("cuInit", ("cuInit",)),
    ("primary context (cuDevicePrimaryCtxRetain)", ("cuDevicePrimaryCtxRetain",)),
    ("module, the warm-up kernel", ("cuModuleLoadDataEx", "cuModuleGetFunction")),
    ("launch, until it has run", ("cuLaunchKernel",)),
    ("allocation, 1 MiB", ("cuMemAlloc_v2",)),
    ("pinned allocation, 1 MiB", ("cuMemHostAlloc",)),
    ("fill, 1 MiB", ("cuMemsetD8Async",)),
    ("copy from the GPU, 1 MiB, pinned", ("cuMemcpyDtoHAsync_v2",)),
    ("copy to the GPU, 1 MiB, pinned", ("cuMemcpyHtoDAsync_v2",)),
    ("copy to the GPU, 1 MiB, pageable", ("cuMemcpyHtoD_v2",)),
    ("copy from the GPU, 1 MiB, pageable", ("cuMemcpyDtoH_v2",)),
)
OTHER = "other calls"


class BadRun(Exception):
    """gpuwarm-bench did not do what it should."""


def run_once(kit, variant):
    """One process: its calls by (pass, name, how often before in this pass), its stages, its whole."""
    trigger, variables = VARIANTS[variant]
    process = kit.run([kit.program("gpuwarm-bench")], trigger, variables, 60)
    events = [json.loads(line) for line in process.output]
    if process.status != 0:
        problems = [event["problem"] for event in events if event["event"] == "pass" and event["problem"]]
        raise BadRun(f"{variant}: gpuwarm-bench: {process.ending()}: {' '.join(problems[:1]) or process.complaint}")
    run = {"calls": {}, "stages": {}, "pass": {}}
    for event in events:
        if event["event"] == "call":
            before = sum(key[:2] == (event["pass"], event["call"]) for key in run["calls"])
            run["calls"][event["pass"], event["call"], before] = event["done_ms"]
        elif event["event"] == "stage":
            run["stages"][event["pass"], event["stage"]] = event["ms"]
        elif event["event"] == "pass":
            run["pass"][event["pass"]] = event["ms"]
        elif event["event"] == "start":
            run["to_main"] = (event["main_ns"] - process.started_ns) / 1e6
        elif event["event"] == "end":
            run["exit"] = (process.ended_ns - event["end_ns"]) / 1e6
    run["warm_up"] = warm_times(process.report())
    if trigger and not run["warm_up"]:
        raise BadRun(f"{variant}: gpuwarm-bench was not warmed")
    return run


def row_times(run, number):
    """One process's milliseconds by row of the table, in pass `number`; its rows add up to the pass."""
    row_of = {call: row for row, calls in ROWS for call in calls}
    times = {row: 0.0 for row, _ in ROWS}
    times[OTHER] = 0.0
    for (pass_number, call, _), ms in run["calls"].items():
        if pass_number == number:
            times[row_of.get(call, OTHER)] += ms
    times["between the calls"] = run["pass"][number] - sum(times.values())
    return times


def calls_summary(kit, runs):
    """The figures of every single call of the first pass, with those of the same call in the second."""
    return [
        {
            "call": call,
            "nth": nth + 1,
            "first": figure((run["calls"].get((1, call, nth)) for run in runs), kit.simulated),
            "again": figure((run["calls"].get((2, call, nth)) for run in runs), kit.simulated),
        }
        for number, call, nth in runs[0]["calls"]
        if number == 1
    ]


def rows_summary(kit, runs):
    """The figures of every row of the table."""
    first, again = ([row_times(run, number) for run in runs] for number in (1, 2))
    return [
        {
            "row": row,
            "first": figure((times[row] for times in first), kit.simulated),
            "again": figure((times[row] for times in again), kit.simulated),
        }
        for row in first[0]
    ]


def summary(kit, runs):
    """The figures of one variant."""

    def of(values):
        return figure(values, kit.simulated)

    stages = [stage for number, stage in runs[0]["stages"] if number == 1]
    return {
        "processes": len(runs),
        "rows": rows_summary(kit, runs),
        "calls": calls_summary(kit, runs),
        "first": of(run["pass"][1] for run in runs),
        "again": of(run["pass"][2] for run in runs),
        "to_main": of(run["to_main"] for run in runs),
        "exit": of(run["exit"] for run in runs),
        "stages": {stage: of(run["stages"][1, stage] for run in runs) for stage in stages},
        "warm_up": warm_up_figures([run["warm_up"] for run in runs], kit.simulated),
    }


def run(kit, result):
    """Fills `result`, also when the time runs out in the middle."""
    runs = {variant: [] for variant in VARIANTS}
    wanted = kit.counts["split"]
    try:
        first = run_once(kit, "cold")
        result["first_on_machine"] = figure([first["pass"][1]], kit.simulated)
        for number in range(wanted):
            for variant in VARIANTS:
                runs[variant].append(run_once(kit, variant))
            kit.say(f"split: {number + 1} of {wanted} processes of each kind")
    except OutOfTime:
        result["cut"] = f"{min(map(len, runs.values()))} of {wanted} processes of each kind"
    finally:
        result["variants"] = {variant: summary(kit, each) for variant, each in runs.items() if each}
        result["least"] = LEAST
