# SPDX-License-Identifier: MIT
"""Part `safety`: does the library keep its law on a real driver? One check after the other; each gives an outcome
(checks.py), and one that breaks does not keep the next from being made."""

import traceback

import safety_deaths
import safety_memory
import safety_state
import safety_tools
from budget import OutOfTime
from checks import outcome

# (name, its share of the part's time, the check)
CHECKS = (
    ("current context", 1, safety_state.current_context),
    ("signals of the driver's threads", 1, safety_state.driver_threads),
    ("GPU memory", 3, safety_memory.memory_beyond),
    ("CUDA_VISIBLE_DEVICES set late", 1, safety_state.chooses_late),
    ("fork", 1, safety_state.forks),
    ("device flags and reset, driver API", 1, safety_state.flags_driver),
    ("device flags and reset, CUDA runtime", 2, safety_state.flags_runtime),
    ("ends at random moments", 8, safety_deaths.deaths),
) + tuple((name, 2, safety_tools.tool_check(name)) for name in safety_tools.TOOLS)
LEAST_SECONDS = 20  # of one check, while there is as much


def make(kit, check):
    """One check's outcome, whatever happens in it."""
    try:
        return check(kit)
    except OutOfTime as why:
        return outcome("skipped", str(why), cut=True)
    except Exception as problem:  # pylint: disable=broad-except
        return outcome("failed", f"the check broke: {problem!r}", trace=traceback.format_exc())


def run(kit, result):
    """Fills `result`."""
    result["checks"] = {}
    whole, weights = kit.budget, [weight for _, weight, _ in CHECKS]
    for number, (name, weight, check) in enumerate(CHECKS):
        kit.say(f"safety: {name}")
        kit.budget = whole.share(weight, weights[number:], LEAST_SECONDS)
        made = make(kit, check)
        result["checks"][name] = made
        kit.say(f"safety: {name}: {made['result']}: {made['text'][:200]}")
    failures = [f"{name}: {made['text']}" for name, made in result["checks"].items() if made["result"] == "failed"]
    if failures:
        result["failures"] = failures
    cut = [name for name, made in result["checks"].items() if made["data"].get("cut")]
    if cut:
        result["cut"] = "no time for all of: " + ", ".join(cut)
