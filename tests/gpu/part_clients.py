# SPDX-License-Identifier: MIT
"""Part `clients`: each client of the table cold and under the library, in turn. In every round each client has one run
of both kinds, which of them first changing from round to round, so that whatever drifts on the machine is in both."""

import client_run
import rounds
from clients import CLIENTS
from figures import figure, ratio
from kit import warm_up_figures

FIELDS = ("first", "second", "steady", "setup", "to_first")


class State(rounds.Subject):
    """What is known of one client while the rounds go on."""

    def __init__(self, client, wanted):
        super().__init__(client.name, client.title, wanted)
        self.client = client
        self.cold, self.warm = [], []
        self.first_ever = None
        self.auto = None


def settle(kit, state):
    """Makes and runs a client once, cold and uncounted: files and compiled kernels are then in their caches. What needs
    more than this project has, and does not run here without the library, is left out with its reason."""
    client = state.client
    why = client_run.lacking(kit, client.needs)
    if why:
        raise client_run.Skipped(why)
    if client.make:
        client_run.build(kit, client.make)
    try:
        state.first_ever = client_run.run_once(kit, client)
    except client_run.Failed as problem:
        if not client.needs:
            raise
        raise client_run.Skipped(f"does not run here, without the library either: {problem}") from problem
    if client.executable:
        state.auto = client_run.recognised(kit, client)


def states(kit):
    """One for each client of the table."""
    return [State(client, kit.counts[client.kind]) for client in CLIENTS]


def one_round(kit, state, number):
    """A cold and a warmed run; which first depends on the number of the round."""
    pair = {}
    for library in (None, "load") if number % 2 == 0 else ("load", None):
        try:
            pair[library] = client_run.run_once(kit, state.client, library)
        except (client_run.Failed, client_run.Skipped) as problem:
            state.problem = f"{'under the library' if library else 'cold'}: {problem}"
            return
    state.take(pair["load"])
    state.cold.append(pair[None])
    state.warm.append(pair["load"])


def summary(kit, state):
    """The figures of one client."""

    def of(runs, field):
        return figure([run[field] for run in runs], kit.simulated)

    def ratio_of(field):
        return ratio([run[field] for run in state.cold], [run[field] for run in state.warm], kit.simulated)

    values = [run["values"] for run in state.cold + state.warm]
    return {
        "title": state.client.title,
        "kind": state.client.kind,
        "pairs": len(state.warm),
        "auto": state.auto,
        "problem": state.problem,
        "versions": state.first_ever["versions"],
        "values": values[0] if values else {},
        "same_output": all(value == values[0] for value in values),
        "first_ever": figure([state.first_ever["first"]], kit.simulated),
        "cold": {field: of(state.cold, field) for field in FIELDS},
        "warm": {field: of(state.warm, field) for field in FIELDS},
        "ratio": {field: ratio_of(field) for field in ("first", "to_first")},
        "warm_up": warm_up_figures([run["warm_up"] for run in state.warm], kit.simulated),
    }


def run(kit, result):
    """Fills `result`, also when the time runs out in the middle."""
    rounds.measure(kit, rounds.Part("clients", "clients", states, settle, one_round, summary), result)
    result["failures"] += [
        f"{name}: its output is not the same under the library"
        for name, client in result["clients"].items()
        if client["pairs"] and not client["same_output"]
    ]
