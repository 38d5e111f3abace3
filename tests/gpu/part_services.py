# SPDX-License-Identifier: MIT
"""Part `services`: HTTP services, each in the variants of services.py in turn: what their first request takes, the
second, and the later ones, and whether every answer is the same in every variant."""

import json

import client_run
import rounds
import service_run
from client_run import Failed, Skipped
from figures import figure
from kit import warm_up_figures
from services import SERVICES, VARIANTS

FIELDS = ("first", "second", "later", "to_ready", "to_first")
LEAST = 3  # rounds; fewer are shown, and said to be too few


class State(rounds.Subject):
    """What is known of one service while the rounds go on."""

    def __init__(self, service, wanted):
        super().__init__(service.name, f"service: {service.title}", wanted)
        self.service = service
        self.settled = None  # the run that is not counted
        self.samples = {variant: [] for variant in VARIANTS}


def settle(kit, state):
    """Runs a service once, cold and not counted: its files are then in the page cache. What needs more than this
    project has, and does not run here without being warmed, is left out with its reason."""
    why = client_run.lacking(kit, state.service.needs)
    if why:
        raise Skipped(why)
    try:
        state.settled = service_run.run_once(kit, state.service, "cold")
    except Failed as problem:
        if not state.service.needs:
            raise
        raise Skipped(f"does not run here, without being warmed either: {problem}") from problem


def states(kit):
    """One for each service that is meant for this driver, the simulated one or a real one."""
    return [
        State(service, kit.counts["services"])
        for service in SERVICES
        if service.simulated == kit.simulated or "gpu" in service.needs
    ]


def one_round(kit, state, number):
    """Each variant once; which first depends on the number of the round."""
    samples = {}
    for variant in rounds.turned(VARIANTS, number):
        try:
            samples[variant] = service_run.run_once(kit, state.service, variant)
        except (Failed, Skipped) as problem:
            state.problem = f"{variant}: {problem}"
            return
    for variant, sample in samples.items():
        state.take(sample)
        state.samples[variant].append(sample)


def sameness(state):
    """Are the answers the same in all runs? "the same", "the same up to rounding", or "DIFFERENT"."""
    runs = [state.settled] + [sample for samples in state.samples.values() for sample in samples]
    answers = [answer for run in runs for answer in run["answers"]]
    if len(set(answers)) == 1:
        return "the same"
    reference = json.loads(answers[0])
    alike = all(service_run.close(json.loads(answer), reference) for answer in answers)
    return "the same up to rounding" if alike else "DIFFERENT"


def variant_summary(kit, samples):
    """The figures of one variant."""
    summary = {field: figure([sample[field] for sample in samples], kit.simulated) for field in FIELDS}
    summary["over"] = figure([sample["over"] for sample in samples], kit.simulated, "ratio")
    summary["warm_up"] = warm_up_figures([sample["warm_up"] for sample in samples], kit.simulated)
    return summary


def summary(kit, state):
    """The figures of one service."""
    return {
        "title": state.service.title,
        "rounds": state.done,
        "problem": state.problem,
        "server": state.settled["server"],
        "versions": state.settled["versions"],
        "answers": sameness(state),
        "requests": 2 + service_run.LATER,
        "first_ever": figure([state.settled["first"]], kit.simulated),
        "variants": {variant: variant_summary(kit, samples) for variant, samples in state.samples.items()},
    }


def run(kit, result):
    """Fills `result`, also when the time runs out in the middle."""
    result["least"] = LEAST
    rounds.measure(kit, rounds.Part("services", "services", states, settle, one_round, summary), result)
    result["failures"] += [
        f"{name}: its answers are not the same in every variant"
        for name, service in result["services"].items()
        if service["answers"] == "DIFFERENT"
    ]
