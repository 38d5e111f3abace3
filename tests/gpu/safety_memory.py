# SPDX-License-Identifier: MIT
"""GPU memory that a warm-up leaves in use, beyond what the program's own context takes. hosts/memory.c tells the memory
in use after each thing that it does; a warmed process is compared with a cold one, and the stages of the warm-up are
added one after the other, so that each is known by what it leaves: the context, the module, the scratch memory.

cuMemGetInfo counts the whole device. Where the cold runs differ among themselves, others use the GPU and nothing is
judged. nvidia-smi is asked from outside too, for what an idle warmed program holds."""

import statistics
import time

import machine
from checks import outcome, skipped
from figures import plain

MIB = 1 << 20
# The warm-ups that are compared with a cold program, each with one thing more than the one before.
STAGES = {"context": "driver,context", "module": "driver,context,kernel", "scratch": "driver,context,kernel,memory"}
POINTS = ("context", "kernel", "memory")


def smi_used(kit, pid):
    """MiB in use by this process if nvidia-smi knows it, else by the device, as (what, MiB); None: it can't say."""
    if kit.simulated:
        return None
    program = machine.tool("nvidia-smi")
    lines = (
        machine.output_of(
            [program, "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"], kit.environment
        ).splitlines()
        if program
        else []
    )
    for line in lines:
        fields = [field.strip() for field in line.split(",")]
        if fields[0] == str(pid) and fields[1].isdigit():
            return "process", int(fields[1])
    used = machine.smi(kit, "gpu", ["memory.used"]).get("memory.used", "")
    return ("device", int(used)) if used.isdigit() else None


def used_by(kit, library, stages, outside=False):
    """The bytes in use after each thing that one process did, and what nvidia-smi said while it was idle; or None."""
    settings = {"GPUWARM_STAGES": stages} if stages else None
    until = time.monotonic() + kit.budget.limit(40)
    process = kit.start([kit.program("hosts/memory")], library, settings, keep_stdin=True)
    seen = None
    if process.wait_for(until - time.monotonic(), lambda line: line == "wait idle"):
        seen = smi_used(kit, process.pid) if outside else None
        process.send(b"\n")
    if process.wait_for(until - time.monotonic(), lambda line: line == "wait end"):
        process.send(b"\n")
    process.finish(max(0, until - time.monotonic()))
    used = {line.split()[1]: int(line.split()[2]) for line in process.output if line.startswith("used ")}
    warmed = not library or (process.report() or {}).get("result") == "warm"
    return (used, seen) if process.status == 0 and warmed and set(used) == set(POINTS) else None


def series(kit, library=None, stages=None):
    """Several processes' bytes: {point: [bytes...]}; None when one did not do what it should."""
    runs = [used_by(kit, library, stages) for _ in range(kit.counts["memory"])]
    return {point: [run[0][point] for run in runs] for point in POINTS} if all(runs) else None


def quiet(cold):
    """Do the cold runs agree, so that a difference is the library's?"""
    return all(max(values) == min(values) for values in cold.values())


def idle(kit):
    """What a warmed program holds that has done nothing yet, as nvidia-smi sees it, against a cold one; or None."""
    runs = [used_by(kit, library, None, outside=True) for library in (None, "load")]
    if not all(runs) or not all(seen for _, seen in runs):
        return None
    (cold_what, cold), (warm_what, warm) = (seen for _, seen in runs)
    return warm if warm_what == "process" else warm - cold if cold_what == "device" else None


def judge(kit, cold, warm, held):
    """The outcome: what is beyond a bare context, by what left it, and beyond the program once it has done the same."""
    median = statistics.median
    extra, before = {}, median(cold["context"])
    for name in STAGES:
        extra[name] = (median(warm[name]["context"]) - before) / MIB
        before = median(warm[name]["context"])
    beyond = sum(extra.values())
    after = (median(warm["scratch"]["memory"]) - median(cold["memory"])) / MIB
    own = (median(cold["memory"]) - median(cold["context"])) / MIB

    def mib(value):
        return plain(value, "MiB", kit.simulated)

    text = (
        f"beyond the program's own context {mib(beyond)}: context {mib(extra['context'])}, module "
        f"{mib(extra['module'])}, scratch {mib(extra['scratch'])}; once the program has used the GPU itself in the "
        f"same way {mib(after)} (its own such use keeps {mib(own)} without the library)"
    )
    if held is not None:
        text += f"; a warmed program that has done nothing holds {mib(held)}"
    data = {
        "beyond_mib": beyond,
        "extra_mib": extra,
        "after_same_use_mib": after,
        "own_use_mib": own,
        "idle_mib": held,
        "simulated": kit.simulated,
        "cold": cold,
        "warm": warm,
    }
    return outcome("ok" if beyond == 0 else "finding", text, **data)


def memory_beyond(kit):
    """The check."""
    cold = series(kit)
    if not cold:
        return skipped("hosts/memory does not run without the library")
    if not quiet(cold):
        return skipped(
            "others use this GPU's memory meanwhile: "
            + ", ".join(f"{point} {values}" for point, values in cold.items())
        )
    warm = {name: series(kit, "load", stages) for name, stages in STAGES.items()}
    if not all(warm.values()):
        return outcome("failed", "hosts/memory was not warmed, or does not run under the library")
    return judge(kit, cold, warm, idle(kit))
