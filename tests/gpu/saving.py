# SPDX-License-Identifier: MIT
"""What an optional stage saves, and the reading that decides whether it is on by default: only if it is shown to save.
It is shown when what it is for became shorter in every pair of runs, of which there are enough, and the program from its
start to its first result is not longer by more than the goal for every program allows. Pure."""

from figures import figure, plain, ratio, text
from goals import START_FACTOR

LEAST = 5  # pairs


def pairs_of(samples, field):
    """(without, with) of the runs that were made in the same round."""
    pairs = zip(samples.get("without", []), samples.get("with", []))
    return [(a[field], b[field]) for a, b in pairs if a[field] is not None and b[field] is not None]


def measured(samples, entry, simulated):
    """The figures of one state of the page cache; `samples` is {arm: [sample...]}."""
    pairs = pairs_of(samples, entry.field)
    starts = pairs_of(samples, "to_first")
    stages = [run["warm_up"]["stages"] for run in samples.get("with", []) if run["warm_up"]]
    names = dict.fromkeys(name for each in stages for name in each if name.split(":")[0] == entry.stage)
    return {
        "arms": {arm: figure([run[entry.field] for run in runs], simulated) for arm, runs in samples.items()},
        "steady": figure([run["steady"] for runs in samples.values() for run in runs], simulated),
        "saved": figure([a - b for a, b in pairs], simulated),
        "start": ratio([a for a, _ in starts], [b for _, b in starts], simulated),
        "cost": {name: figure([each.get(name) for each in stages], simulated) for name in names},
    }


def shown(found, saves=True):
    """Is it shown in these figures that it saves (or, where nothing can be saved, that it does no harm)? None: too few
    pairs, or none."""
    if not found["saved"] or not found["start"] or found["saved"]["n"] < LEAST:
        return None
    return (not saves or found["saved"]["low"] > 0) and found["start"]["median"] <= START_FACTOR


def cost_text(cost):
    return "the stage took " + ", ".join(f"{name} {text(each)}" for name, each in cost.items()) if cost else ""


def words(found, entry, simulated):
    """What was seen in one state of the page cache."""
    what = "first call" if entry.field == "first" else "start to first result"
    if not found["saved"]:
        arms = ", ".join(f"{arm} {text(each)}" for arm, each in found["arms"].items() if each)
        return f"{what}: {arms}; later calls {text(found['steady'])}"
    median, pairs = found["saved"]["median"], found["saved"]["n"]
    parts = [
        f"{what} {plain(abs(median), 'ms', simulated)} {'shorter' if median > 0 else 'longer'} with it "
        f"(saved {text(found['saved'])}, {pairs} pairs)",
        cost_text(found["cost"]),
        f"start to first result {plain(found['start']['median'], 'ratio', simulated)} times" if found["start"] else "",
    ]
    return "; ".join(part for part in parts if part)


def reading(entry, caches, problem, simulated):
    """The reading of an entry: {"of", "stage", "shown": True, False or None, "text"}. `caches` is {state of the page
    cache: figures}; with files that are in memory already a prefetch has nothing to save and must do no harm."""
    verdicts = {cache: shown(found, cache == "dropped" or len(entry.caches) == 1) for cache, found in caches.items()}
    missing = [cache for cache in entry.caches if cache not in caches]
    verdict = None if problem or missing or None in verdicts.values() else all(verdicts.values())
    several = len(entry.caches) > 1
    seen = [
        (f"page cache {cache}: " if several else "") + words(found, entry, simulated) for cache, found in caches.items()
    ]
    least = min((found["saved"]["n"] if found["saved"] else 0 for found in caches.values()), default=0)
    if not problem and not missing and verdict is None:
        seen.append(f"{least} pairs, at least {LEAST} are needed")
    return {
        "of": entry.title,
        "stage": entry.stage,
        "shown": verdict,
        "text": "; ".join(([problem] if problem else []) + seen),
    }
