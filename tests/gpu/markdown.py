# SPDX-License-Identifier: MIT
"""The report as Markdown, in sections that report.md and the pages of docs/measurements/ share. Figures become text in
figures.py alone, which labels what is simulated."""

from figures import plain, text
from markdown_services import libraries_section, services_section
from tables import table

SPLIT_COLUMNS = (("cold", "first"), ("no-cache", "first"), ("cold", "again"), ("warmed", "first"))


def machine_section(report):
    machine = report["machine"]
    facts = [
        ("GPU", machine.get("gpu")),
        ("compute capability", machine.get("capability")),
        ("GPU memory", plain(machine["memory_mib"], "MiB", report["simulated"]) if machine.get("memory_mib") else None),
        ("driver", machine.get("driver")),
        ("CUDA of the driver", machine.get("driver_cuda")),
        ("nvcc", machine.get("nvcc")),
        ("processor", machine.get("processor")),
        ("processors", machine.get("processors")),
        ("system", machine.get("system")),
        ("C library", machine.get("libc")),
        ("Python", machine.get("python")),
    ]
    facts += sorted(report.get("versions", {}).items())
    facts += [(f"setting {name}", value) for name, value in sorted(machine.get("settings", {}).items())]
    facts += [("libgpuwarm", report.get("library")), ("date", report["date"]), ("command", f"`{report['command']}`")]
    return ["## What was measured", ""] + table(["", ""], [fact for fact in facts if fact[1] not in (None, "")])


def goals_section(report):
    words = {True: "reached", False: "NOT reached", None: "not measured"}
    rows = [(goal["goal"], goal["of"], words[goal["reached"]], goal["text"]) for goal in report["goals"]]
    return ["## Goals", ""] + table(["goal", "program", "", "seen"], rows)


def split_rows(variants):
    """The rows of the split, in the order in which they are published."""
    found = {(variant, row["row"]): row for variant, summary in variants.items() for row in summary["rows"]}
    names = list(dict.fromkeys(row["row"] for summary in variants.values() for row in summary["rows"]))
    rows = [
        [name] + [text(found.get((variant, name), {}).get(when)) for variant, when in SPLIT_COLUMNS] for name in names
    ]
    rows.append(["**all of it**"] + [text(variants.get(variant, {}).get(when)) for variant, when in SPLIT_COLUMNS])
    for name, key in (("process start to main", "to_main"), ("end of the process", "exit")):
        rows.append(
            [name]
            + [text(variants.get(variant, {}).get(key) if when == "first" else None) for variant, when in SPLIT_COLUMNS]
        )
    return rows


def split_section(report):
    part = report["parts"].get("split")
    if not part or not part.get("variants"):
        return []
    variants = part["variants"]
    counts = ", ".join(f"{summary['processes']} {variant}" for variant, summary in variants.items())
    few = min(summary["processes"] for summary in variants.values()) < part["least"]
    lines = [
        "## Where the first use's time goes",
        "",
        f"Fresh processes ({counts}), in turn; median and range"
        + (f"; fewer than the {part['least']} that a figure to be quoted needs." if few else ".")
        + " In the order of the calls: *cold* is a process's first use with compiled kernels in the driver's cache, "
        "*no cache* the same with "
        "`CUDA_CACHE_DISABLE=1`, *again* the same calls a second time in the cold process, *libgpuwarm* the first "
        "use in a process that was warmed before `main`.",
        "",
    ]
    lines += table(["", "cold", "cold, no cache", "again", "libgpuwarm"], split_rows(variants))
    first = part.get("first_on_machine")
    if first:
        lines += [
            f"The first process of the run, not counted above, took {text(first)} for all of it. Every single call "
            "is in report.json.",
            "",
        ]
    warm_up = variants.get("warmed", {}).get("warm_up")
    if warm_up:
        lines += [
            f"The warm-up before `main` took {text(warm_up['total'])}: "
            + ", ".join(f"{stage} {text(figure)}" for stage, figure in warm_up["stages"].items())
            + ".",
            "",
        ]
    return lines


CLIENT_FIELDS = ("first", "second", "steady", "setup", "to_first")
CLIENT_COLUMNS = ["program", "", "first", "second", "steady", "setup", "start to first"]
CLIENT_COLUMNS += ["ratio, first", "ratio, start to first"]


def client_rows(client):
    """The two rows of a client: cold, and under the library with the ratios."""
    cold = [client["title"], "cold"] + [text(client["cold"][field]) for field in CLIENT_FIELDS] + ["", ""]
    warm = ["", "libgpuwarm"] + [text(client["warm"][field]) for field in CLIENT_FIELDS]
    return [cold, warm + [text(client["ratio"]["first"]), text(client["ratio"]["to_first"])]]


def clients_section(report):
    part = report["parts"].get("clients")
    measured = [client for client in part["clients"].values() if client["pairs"]] if part else []
    if not measured:
        return []
    lines = [
        "## Programs, cold and warmed",
        "",
        "Pairs of runs in turn; median and range. *first*: the first call; *steady*: the median of all from the third "
        "on; *setup*: the first use of the GPU where that is not the first call (a model is moved there); *start to "
        "first*: from the start of the process to the first result. A ratio is warmed to cold: that of the medians, "
        "and the range of the pairs'.",
        "",
    ]
    lines += table(CLIENT_COLUMNS, [row for client in measured for row in client_rows(client)])
    lines += table(
        ["program", "pairs", "first ever, cold", "the warm-up took", "by default (`auto`)", "its output"],
        [
            (
                client["title"],
                client["pairs"],
                text(client["first_ever"]),
                text(client["warm_up"]["total"]),
                client["auto"] or "a script: `GPUWARM_TRIGGER=load`",
                "the same" if client["same_output"] else "DIFFERENT",
            )
            for client in measured
        ],
    )
    return lines


def safety_section(report):
    part = report["parts"].get("safety")
    if not part or not part.get("checks"):
        return []
    return ["## The law on this driver", ""] + table(
        ["check", "", "seen"], [(name, check["result"], check["text"]) for name, check in part["checks"].items()]
    )


def missing_section(report):
    """What was not measured, and why."""
    skipped = [entry for part in report["parts"].values() for entry in part.get("skipped", [])]
    rows = [(entry["what"], entry["why"]) for entry in skipped]
    for name, part in report["parts"].items():
        for key in ("error", "cut", "fewer"):
            if part.get(key):
                rows.append(
                    (f"part {name}", {"error": "broke: ", "cut": "cut: ", "fewer": "fewer runs: "}[key] + part[key])
                )
        rows += [(f"part {name}", "FAILED: " + failure) for failure in part.get("failures", [])]
    return ["## What was not measured, or failed", ""] + table(["", "why"], rows) if rows else []


def sections(report):
    """Everything but the title."""
    parts = (goals_section, split_section, clients_section, services_section, libraries_section, safety_section)
    parts += (missing_section, machine_section)
    return [line for part in parts for line in part(report)]
