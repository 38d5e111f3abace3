# SPDX-License-Identifier: MIT
"""Processes that end at random moments: they exit, _exit or fork in the middle of using the GPU (hosts/dies.c), or are
killed, also while they are being warmed. Each runs with the library and without it; none may hang, none may end by
another signal than the one that was sent, what they print must be the same, and the GPU must work afterwards, with as
much of its memory free as before."""

import collections
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import client_run
import safety_memory
from budget import Budget, OutOfTime
from checks import outcome, skipped
from client_run import Failed, Skipped
from clients import CLIENTS

STEPS = 8  # of hosts/dies.c, and one past them
SECONDS = 20  # one that takes longer hangs; none is started with less time left
WAYS = ("exit", "_exit", "fork", "SIGKILL", "SIGTERM")


def plan(seed, count, span):
    """What each process will do: (way, step or the seconds until it is killed). The same for the same seed and span."""
    chance = random.Random(seed)
    deaths = []
    for _ in range(count):
        way = chance.choice(WAYS)
        deaths.append((way, chance.uniform(0, span) if way.startswith("SIG") else chance.randrange(STEPS)))
    return deaths


def die(kit, death, library):
    """Runs one; gives the process, ended."""
    way, when = death
    program = kit.program("hosts/dies")
    limit = kit.budget.limit(SECONDS, SECONDS)
    if not way.startswith("SIG"):
        return kit.start([program, way, str(when)], library).finish(limit)
    process = kit.start([program, "through"], library)
    until = time.monotonic() + when
    process.wait_for(when, lambda line: False)
    time.sleep(max(0, until - time.monotonic()))
    process.signal(getattr(signal, way))
    return process.finish(limit)


def wrong(death, process):
    """What is wrong with how it ended, or None."""
    way, _ = death
    sent = -getattr(signal, way) if way.startswith("SIG") else 0
    if process.cut:
        return "hung"
    if process.status in (0, sent):
        return None
    return f"ended by signal {-process.status}" if process.status < 0 else f"exit status {process.status}"


class Tally:
    """What came of all of them; threads add to it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.pairs = 0
        self.ended = {None: collections.Counter(), "load": collections.Counter()}
        self.wrong = {None: [], "load": []}
        self.different = []
        self.out_of_time = False

    def add(self, number, death, processes):
        with self.lock:
            self.pairs += 1
            for library, process in processes.items():
                self.ended[library][process.ending()] += 1
                problem = wrong(death, process)
                if problem:
                    self.wrong[library].append(
                        f"number {number}, {death[0]} {death[1]}: {problem}; {process.complaint}"
                    )
            if not death[0].startswith("SIG") and processes[None].output != processes["load"].output:
                self.different.append(f"number {number}, {death[0]} {death[1]}: its output")


def pair(kit, tally, number, death):
    """One death without the library and one with it, in an order that changes."""
    try:
        order = (None, "load") if number % 2 else ("load", None)
        tally.add(number, death, {library: die(kit, death, library) for library in order})
    except OutOfTime:
        tally.out_of_time = True


def judge(kit, tally, count, after):
    """The outcome. What also goes wrong without the library is the driver's and a finding."""
    problems = tally.wrong["load"] + tally.different
    text = (
        f"{tally.pairs} of {count} processes with the library and as many without, seed {kit.seed}: "
        f"{len(tally.wrong['load'])} ended wrongly with it, {len(tally.wrong[None])} without; "
        f"{len(tally.different)} printed something else; {after['text']}"
    )
    data = {
        "pairs": tally.pairs,
        "seed": kit.seed,
        "with": dict(tally.ended["load"]),
        "without": dict(tally.ended[None]),
        "wrong_with": tally.wrong["load"],
        "wrong_without": tally.wrong[None],
        "different": tally.different,
        "cut": tally.out_of_time,
    }
    if tally.pairs == 0:
        return outcome("skipped", "no time left", **data)
    if not after["works"] or (problems and not tally.wrong[None]):
        return outcome("failed", text + ": " + "; ".join(problems[:5]), **data)
    return outcome("finding" if problems or tally.wrong[None] or after["memory"] else "ok", text, **data)


def used_before(kit):
    """The GPU memory in use with one plain process on it, in bytes, or None."""
    run = safety_memory.used_by(kit, None, None)
    return run[0]["context"] if run else None


def look_after(kit, used):
    """Does the GPU still work, and is as much of its memory in use as before?"""
    try:
        client_run.run_once(kit, CLIENTS[0])
        now = used_before(kit)
    except (Failed, Skipped) as problem:
        return {"works": False, "memory": 0, "text": f"afterwards the GPU does not work: {problem}"}
    except OutOfTime:
        return {"works": True, "memory": 0, "text": "no time was left to look at the GPU afterwards"}
    more = now - used if now is not None and used is not None else 0
    text = "afterwards the GPU works" + (f", but {more} bytes more of it are in use" if more else "")
    return {"works": True, "memory": more, "text": text}


def deaths(kit):
    """The check."""
    count = kit.counts["deaths"]
    begin = time.monotonic()
    trial = kit.run([kit.program("hosts/dies"), "through"], "load", seconds=60)
    span = 1.1 * (time.monotonic() - begin)
    if trial.status != 0:
        return skipped(f"hosts/dies {trial.ending()}; {trial.complaint}")
    used, tally = used_before(kit), Tally()
    whole = kit.budget
    kit.budget = whole.share(4, [4, 1])  # the rest is for looking afterwards
    kit.say(f"safety: {count} processes die in {span:.1f} s each, seed {kit.seed}")
    with ThreadPoolExecutor(kit.counts["at once"]) as pool:
        try:
            for done in [
                pool.submit(pair, kit, tally, number, death) for number, death in enumerate(plan(kit.seed, count, span))
            ]:
                done.result()
        except BaseException:
            kit.budget = Budget(0)  # those that still wait for their turn are not started
            raise
    kit.budget = whole
    return judge(kit, tally, count, look_after(kit, used))
