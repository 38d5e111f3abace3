# SPDX-License-Identifier: MIT
"""The sections of the report about services and about the optional stages; markdown.py has the others."""

from figures import text
from tables import table

VARIANT_WORDS = {
    "cold": "cold (`GPUWARM_TRIGGER=off`)",
    "serve": "`serve`",
    "libraries": "`serve`, `GPUWARM_STAGES=all`",
}
SERVICE_FIELDS = ("first", "second", "later", "over", "to_ready", "to_first")


def service_rows(service):
    """The rows of a service, one a variant."""
    return [
        ["" if number else service["title"], VARIANT_WORDS[name]]
        + [text(variant[field]) for field in SERVICE_FIELDS]
        + [text(variant["warm_up"]["total"]) if variant["warm_up"] else "-"]
        for number, (name, variant) in enumerate(service["variants"].items())
    ]


def services_section(report):
    part = report["parts"].get("services")
    measured = [service for service in part["services"].values() if service["rounds"]] if part else []
    if not measured:
        return []
    few = min(service["rounds"] for service in measured) < part["least"]
    servers = sorted({service["server"] for service in measured if service["server"]})
    lines = [
        "## Services, cold and warmed",
        "",
        f"Each service in every variant in turn, {measured[0]['requests']} requests to a process, on "
        + ", ".join(servers)
        + ("" if any(server.startswith("uvicorn") for server in servers) else " (uvicorn is not installed)")
        + "; median and range of the processes. *later*: the median of all requests from the third on; *first to later*: "
        "the ratio of the two in one process. *start to ready*: from the start of the process until it answers a probe "
        "that does not use the GPU, the warm-up included; *start to first*: until the first answer. Models are moved "
        "to the GPU before the service listens; matmul and conv2d first use the GPU when they are first asked."
        + (f" Fewer than the {part['least']} rounds that a figure to be quoted needs." if few else ""),
        "",
    ]
    head = ["service", "", "first", "second", "later", "first to later", "start to ready", "start to first", "warm-up"]
    lines += table(head, [row for service in measured for row in service_rows(service)])
    return lines + table(
        ["service", "rounds", "first ever, cold", "its answers"],
        [(each["title"], each["rounds"], text(each["first_ever"]), each["answers"]) for each in measured],
    )


ARM_WORDS = {"cold": "cold", "without": "warmed without it", "with": "warmed with it"}


def entry_rows(entry):
    """The rows of an entry, one a state of the page cache."""
    several = len(entry["caches"]) > 1
    return [
        [
            entry["title"] + (f", page cache {cache}" if several else ""),
            {"first": "first call", "to_first": "start to first result"}[entry["field"]],
        ]
        + [text(found["arms"].get(arm)) for arm in ARM_WORDS]
        + [text(found["saved"]), ", ".join(f"{name} {text(cost)}" for name, cost in found["cost"].items()) or "-"]
        + [text(found["start"])]
        for cache, found in entry["caches"].items()
    ]


def libraries_section(report):
    part = report["parts"].get("libraries")
    if not part or not part.get("entries"):
        return []
    entries = part["entries"].values()
    dropped = sorted({entry["dropped"] for entry in entries if entry["dropped"]})
    lines = [
        "## What the stages `libraries` and `prefetch` save",
        "",
        "Warmed with the stage and without it, in turn; median and range. *saved*: of the pairs. *start to first*: from "
        "the start of the process to its first result, with the stage to without, the ratio of the medians."
        + (f" The page cache was dropped so: {'; '.join(dropped)}." if dropped else ""),
        "",
    ]
    head = [
        "stage, and what it is seen by",
        "of what",
        *ARM_WORDS.values(),
        "saved",
        "the stage took",
        "start to first",
    ]
    lines += table(head, [row for entry in entries for row in entry_rows(entry)])
    verdicts = {True: "shown to save", False: "NOT shown to save", None: "not measured"}
    readings = [entry["reading"] for entry in entries]
    lines += [
        "On by default only if it is shown to save: shorter in every pair, and start to first result at most 1.02 times "
        "as long (for the prefetch: shorter where the files were not in memory, at most 1.02 times as long where they "
        "were).",
        "",
    ]
    return lines + table(
        ["stage", "what", "", "seen"],
        [(f"`{each['stage']}`", each["of"], verdicts[each["shown"]], each["text"]) for each in readings],
    )
