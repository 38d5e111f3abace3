# SPDX-License-Identifier: MIT
"""`make test-frameworks`: what people install from PyPI today, on the simulated driver, with the library and without.
Each is started, left idle until nothing happens any more, and asked only then: was it warm before anybody connected?
Fails when a verdict is another than table.py expects, also when it is better: then the table is to be updated.

    python3 tests/frameworks BUILD-FOLDER [ROW|GROUP|ci...]
"""

import concurrent.futures
import datetime
import json
import multiprocessing
import os
import shutil
import sys

import environments
import measure
import processes
import verdict
from table import ROWS

AT_ONCE = max(2, min(4, os.cpu_count() or 1))


def chosen(parts):
    known = {row.name for row in ROWS} | {row.group for row in ROWS} | {"ci"}
    unknown = [part for part in parts if part not in known]
    if unknown:
        sys.exit(f"not in tests/frameworks/table.py: {' '.join(unknown)}")
    return [row for row in ROWS if not parts or {row.name, row.group, "ci" if row.ci else ""} & set(parts)]


def variant(row, build, venv, plain, settings, expected):
    """With these settings: what the page shows, and what is wrong with it."""
    run = measure.measure(row, build, venv, settings)
    got, why = verdict.judge(plain, run)
    seen = {"verdict": got, "wasted": verdict.wasted(run), "first_ms": run.first_ms}
    wrong = []
    if got not in expected[0].split("|") or seen["wasted"] != expected[1]:
        wrong = [f"{' '.join(settings) or 'auto'}: {got}, {seen['wasted']} wasted; expected {expected[0]}, "
                 f"{expected[1]}" + (f": {why}" if why else ""),
                 f"    warm when idle {sorted(run.warm_idle)}, later {sorted(run.warm_later)}, "
                 f"answered {sorted({one.pid for one in run.answers})}"]
        wrong += ["    " + line for line in (run.log + run.output[-1500:]).splitlines()]
    return seen, wrong


def try_row(row, build):
    """All runs of one row, in a process of its own kind (processes.py)."""
    venv = environments.folder(build, row.group)
    plain = measure.measure(row, build, venv, None)
    if plain.problem:
        return None, [f"without the library: {plain.problem}"] + plain.output.splitlines()[-15:]
    if len({one.pid for one in plain.answers}) < row.workers:
        return None, [f"without the library: not {row.workers} processes answered"]
    auto, wrong = variant(row, build, venv, plain, [], (row.auto, row.wasted))
    result = {"name": row.name, "version": environments.version(build, row), "cold_ms": plain.first_ms, "auto": auto,
              "date": datetime.date.today().isoformat()}
    if row.setting:
        result["with_setting"], more = variant(row, build, venv, plain, row.setting.split(),
                                               (row.with_setting, row.setting_wasted))
        wrong += more
    return result, wrong


def line_of(row, result):
    def words(seen):
        waste = f" ({seen['wasted']} wasted)" if seen["wasted"] else ""
        ms = f", first request {seen['first_ms']:.0f} ms" if seen["first_ms"] is not None else ""
        return f"{seen['verdict']}{waste}{ms}"
    line = f"cold {result['cold_ms']:.0f} ms; auto {words(result['auto'])}"
    return line + (f"; {row.setting} {words(result['with_setting'])}" if row.setting else "")


def keep(path, results):
    """Beside what earlier runs of other rows have left there."""
    earlier = json.loads(processes.read(path) or "[]")
    by_name = {result["name"]: result for result in earlier + results}
    with open(path, "w", encoding="utf-8") as file:
        json.dump([by_name[row.name] for row in ROWS if row.name in by_name], file, indent=1)


def absence(row, build, absent):
    """Why it cannot be run here; None: it can."""
    needs = [program.format(build=build) for program in row.needs]
    missing = [os.path.basename(program) for program in needs if not shutil.which(program)]
    return absent[row.group] or (f"there is no {' '.join(missing)}" if missing else None)


def say(verdict_word, row, words, lines=()):
    print(f"[{verdict_word}] {row.name}: {words}")
    for line in lines:
        print(f"    {line}")
    sys.stdout.flush()


def try_all(rows, build):
    """Several at a time: what was measured, and how many failed."""
    results, failed = [], 0
    with concurrent.futures.ProcessPoolExecutor(AT_ONCE, multiprocessing.get_context("fork"),
                                                initializer=processes.become_reaper) as pool:
        tried = {pool.submit(try_row, row, build): row for row in rows}
        for future in concurrent.futures.as_completed(tried):
            row, problem = tried[future], future.exception()
            result, wrong = (None, [f"{type(problem).__name__}: {problem}"]) if problem else future.result()
            results += [result] if result else []
            failed += bool(wrong)
            say("FAIL" if wrong else "PASS", row, line_of(row, result) if result else "not measured", wrong)
    return results, failed


def main(arguments):
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    build, rows = os.path.realpath(arguments[0]), chosen(arguments[1:])
    os.makedirs(f"{build}/frameworks", exist_ok=True)
    absent = {group: environments.ready(build, group) for group in dict.fromkeys(row.group for row in rows)}
    skipped = {row.name: reason for row in rows if (reason := absence(row, build, absent))}
    for row in rows:
        if row.name in skipped:
            say("SKIP", row, skipped[row.name])
    rows = [row for row in rows if row.name not in skipped]
    print("Simulated driver: all milliseconds are simulated.", flush=True)
    results, failed = try_all(rows, build)
    keep(f"{build}/frameworks/results.json", results)
    print(f"[====] Frameworks: Tested: {len(rows)} | Passing: {len(rows) - failed} | Failing: {failed} | "
          f"Skipped: {len(skipped)}")
    return 0 if rows and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
