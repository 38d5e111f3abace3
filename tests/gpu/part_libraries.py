# SPDX-License-Identifier: MIT
"""Part `libraries`: what the optional stages save, `libraries` for each library that it warms and `prefetch`: by their
own figures in the library's report, and by the program's own first call after them, against the same warm-up without
the stage, in turn. The entries are in optional.py, the rule by which they are read in saving.py."""

import client_run
import page_cache
import rounds
import saving
from client_run import Failed, Skipped, why_not
from optional import BASE, arms, entries

STAYED = 0.5  # of the files' bytes: if more are still in memory, they were not dropped


class State(rounds.Subject):
    """What is known of one entry while the rounds go on."""

    def __init__(self, entry, wanted, unknown):
        super().__init__(entry.name, entry.title, wanted)
        self.entry, self.unknown = entry, unknown  # why the library does not know the stage, or None
        self.arms = arms(entry, not unknown)
        self.samples = {cache: {arm: [] for arm in self.arms} for cache in entry.caches}
        self.files, self.dropped = [], None  # what is dropped from the page cache, and how
        self.undropped = None  # why it cannot be


def unknown(kit, stage):
    """Why the library does not warm what GPUWARM_STAGES names so, or None when it knows it."""
    process = kit.run([kit.program("clients/driver")], "load", {"GPUWARM_STAGES": f"{BASE},{stage}"}, 60)
    report = process.report()
    if report and "not understood" not in (report["reason"] or ""):  # as in shim/policy/reasons.def
        return None
    return f"this libgpuwarm has no stage `{stage}` ({why_not(report)})"


def settle(kit, state):
    """Runs the client once, cold and not counted; what does not run here is left out with its reason."""
    client = state.entry.client
    why = client_run.lacking(kit, client.needs)
    if why:
        raise Skipped(why)
    settings = dict(state.entry.settings)
    try:
        client_run.run_once(kit, client, None, settings)
    except Failed as problem:
        if not client.needs:
            raise
        raise Skipped(f"does not run here, without the library either: {problem}") from problem
    if "dropped" in state.entry.caches:
        state.files = page_cache.files_used(kit, client_run.command(kit, client))


def states(kit):
    """One for each entry; whether the library knows its stage is asked once for each stage."""
    reasons = {}
    for entry in entries(kit):
        if entry.stage not in reasons:
            reasons[entry.stage] = unknown(kit, entry.stage)
        yield State(entry, kit.counts[entry.count], reasons[entry.stage])


def cache_set(kit, state, cache):
    """Brings the page cache into a state before a run; false when that cannot be done here."""
    if cache != "dropped":
        return True
    try:
        state.dropped = page_cache.drop(state.files, everything=not kit.simulated)
        share = page_cache.resident_share(state.files)
    except OSError as problem:
        state.undropped = f"the page cache was not dropped: {problem}"
        return False
    if share > STAYED:
        state.undropped = f"the page cache was not dropped: {share:.0%} of the files stayed in memory"
    return not state.undropped


def arms_run(kit, state, cache, number):
    """Each arm once; {arm: sample}, or None where the page cache cannot be brought into this state."""
    samples = {}
    for arm in rounds.turned(state.arms, number):
        if state.undropped and cache == "dropped" or not cache_set(kit, state, cache):
            return None
        trigger, settings = state.arms[arm]
        try:
            samples[arm] = client_run.run_once(kit, state.entry.client, trigger, settings)
        except Failed as problem:
            raise Failed(f"{arm}: {problem}") from problem
    return samples


def one_round(kit, state, number):
    """Each arm once in each state of the page cache."""
    found = {}
    try:
        for cache in state.entry.caches:
            found[cache] = arms_run(kit, state, cache, number)
            if cache == "dropped":  # a run that is not counted brings the files back
                client_run.run_once(kit, state.entry.client, None, dict(state.entry.settings))
    except (Failed, Skipped) as problem:
        state.problem = str(problem)
        return
    for cache, samples in found.items():
        for arm, sample in (samples or {}).items():
            state.take(sample)
            state.samples[cache][arm].append(sample)


def summary(kit, state):
    """The figures and the reading of one entry."""
    caches = {
        cache: saving.measured(samples, state.entry, kit.simulated)
        for cache, samples in state.samples.items()
        if samples["cold"]
    }
    why = "; ".join(filter(None, (state.problem, state.unknown, state.undropped)))
    return {
        "title": state.entry.title,
        "stage": state.entry.stage,
        "field": state.entry.field,
        "rounds": state.done,
        "problem": state.problem,
        "dropped": state.dropped,
        "caches": caches,
        "reading": saving.reading(state.entry, caches, why, kit.simulated),
    }


def run(kit, result):
    """Fills `result`, also when the time runs out in the middle."""
    rounds.measure(kit, rounds.Part("libraries", "entries", states, settle, one_round, summary), result)
