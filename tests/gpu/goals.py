# SPDX-License-Identifier: MIT
"""The goals on a GPU, judged from what the parts found. A goal is reached, or not, or not measured; where it is not
reached its text says by how much and where the time or the memory goes. Pure: from the report to a list."""

from figures import plain

FIRST_FACTOR, FIRST_MS = 1.05, 1.0  # the first driver-API sequence against its steady state
START_FACTOR = 1.02  # process start to first result, warmed against cold
REQUEST_FACTOR = 1.5  # a service's first request against the median of its later ones
REQUEST_GOAL = "first request under `serve` with libraries at most 1.5 times the median of later ones"


def goal(name, subject, reached, text):
    return {"goal": name, "of": subject, "reached": reached, "text": text}


def slowest_left(report, count=3):
    """What the calls cost more the first time than again in a warmed process: the answer to where the rest goes."""
    warmed = report["parts"].get("split", {}).get("variants", {}).get("warmed")
    if not warmed:
        return ""
    more = [
        (call["first"]["median"] - call["again"]["median"], call)
        for call in warmed["calls"]
        if call["first"] and call["again"]
    ]
    more = sorted((entry for entry in more if entry[0] > 0), key=lambda entry: -entry[0])[:count]
    return (
        "; in a warmed process these calls cost more the first time than again: "
        + ", ".join(f"{call['call']} {plain(ms, 'ms', report['simulated'])}" for ms, call in more)
        if more
        else ""
    )


def judge_first(report, client):
    """The first sequence of a driver-API client under `load`."""
    name, simulated = "first driver-API sequence at most 1.05 times steady plus 1 ms", report["simulated"]
    first, steady = client["warm"]["first"], client["warm"]["steady"] or client["warm"]["second"]
    if not first or not steady:
        return goal(name, client["title"], None, "not measured")
    limit = FIRST_FACTOR * steady["median"] + FIRST_MS
    over = first["median"] - limit
    text = (
        f"first {plain(first['median'], 'ms', simulated)}, steady {plain(steady['median'], 'ms', simulated)}, "
        f"limit {plain(limit, 'ms', simulated)}"
    )
    if over <= 0:
        return goal(name, client["title"], True, text)
    return goal(name, client["title"], False, f"{text}: {plain(over, 'ms', simulated)} too long" + slowest_left(report))


def judge_start(report, client):
    """Process start to first result."""
    name, simulated = "process start to first result at most 1.02 times cold", report["simulated"]
    ratio, cold, warm = client["ratio"]["to_first"], client["cold"]["to_first"], client["warm"]["to_first"]
    if not ratio:
        return goal(name, client["title"], None, "not measured")
    text = f"{plain(ratio['median'], 'ratio', simulated)} times cold"
    if ratio["median"] <= START_FACTOR:
        return goal(name, client["title"], True, text)
    more = warm["median"] - cold["median"]
    saved = client["cold"]["first"]["median"] - client["warm"]["first"]["median"]
    if client["cold"]["setup"] and client["warm"]["setup"]:
        saved += client["cold"]["setup"]["median"] - client["warm"]["setup"]["median"]
    warm_up = client["warm_up"]
    stages = ", ".join(
        f"{stage} {plain(figure['median'], 'ms', simulated)}" for stage, figure in warm_up["stages"].items()
    )
    over = warm["median"] - START_FACTOR * cold["median"]
    return goal(
        name,
        client["title"],
        False,
        f"{text}: {plain(over, 'ms', simulated)} over the limit; {plain(more, 'ms', simulated)} more than cold, of "
        f"which the warm-up took {plain(warm_up['total']['median'], 'ms', simulated)} ({stages}) and the first use "
        f"gave back {plain(saved, 'ms', simulated)}",
    )


def judge_memory(report):
    """GPU memory beyond the program's own context."""
    name = "GPU memory beyond the program's own context 0"
    check = report["parts"].get("safety", {}).get("checks", {}).get("GPU memory")
    if not check or "beyond_mib" not in check["data"]:
        return goal(name, "hosts/memory", None, "not measured" + (f": {check['text']}" if check else ""))
    return goal(name, "hosts/memory", check["data"]["beyond_mib"] == 0, check["text"])


def warmed_libraries(variant):
    """Did the stage `libraries` run in this variant?"""
    return any(name.split(":")[0] == "libraries" for name in (variant["warm_up"] or {"stages": ()})["stages"])


def judge_request(report, service):
    """The first request to a service under `serve` with libraries."""
    name, simulated = REQUEST_GOAL, report["simulated"]
    variants = service["variants"]
    variant = variants["libraries"]
    if not variant["over"]:
        return goal(name, service["title"], None, f"not measured: {service['problem'] or 'no time for a round'}")
    text = (
        f"first {plain(variant['over']['median'], 'ratio', simulated)} times later: first "
        f"{plain(variant['first']['median'], 'ms', simulated)}, later {plain(variant['later']['median'], 'ms', simulated)}"
    )
    if not warmed_libraries(variant):
        return goal(name, service["title"], None, f"the stage `libraries` did not run; without it {text}")
    if variant["over"]["median"] <= REQUEST_FACTOR:
        return goal(name, service["title"], True, text)
    over = variant["first"]["median"] - REQUEST_FACTOR * variant["later"]["median"]
    stages = ", ".join(
        f"{stage} {plain(figure['median'], 'ms', simulated)}" for stage, figure in variant["warm_up"]["stages"].items()
    )
    return goal(
        name,
        service["title"],
        False,
        f"{text}: {plain(over, 'ms', simulated)} too long; the second took "
        f"{plain(variant['second']['median'], 'ms', simulated)}, the first without `libraries` "
        f"{plain(variants['serve']['first']['median'], 'ms', simulated)}, cold "
        f"{plain(variants['cold']['first']['median'], 'ms', simulated)}; the warm-up took {stages}",
    )


def judge_requests(report):
    """That goal for every service."""
    services = report["parts"].get("services", {}).get("services", {}).values()
    found = [judge_request(report, service) for service in services]
    return found or [goal(REQUEST_GOAL, "every service", None, "not measured")]


def judge(report):
    """All goals, for every client and service that they are about."""
    clients = report["parts"].get("clients", {}).get("clients", {}).values()
    measured = [client for client in clients if client["pairs"]]
    goals = [judge_first(report, client) for client in measured if client["kind"] == "driver"]
    if not goals:
        goals = [
            goal("first driver-API sequence at most 1.05 times steady plus 1 ms", "driver API", None, "not measured")
        ]
    starts = [judge_start(report, client) for client in measured]
    starts = [entry for entry in starts if entry["reached"] is not None]
    if not starts:
        starts = [goal("process start to first result at most 1.02 times cold", "every client", None, "not measured")]
    return goals + starts + judge_requests(report) + [judge_memory(report)]
