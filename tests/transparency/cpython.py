# SPDX-License-Identifier: MIT
"""Part `cpython`: the interpreter's own tests, every name with the same outcome with the library as without it.

A test that gave something else is run again, alone, with and without: when both can give the same it is called
unsteady (tests that depend on the time it takes are), and that is said; else it is a failure.
"""

import concurrent.futures
import os
import xml.etree.ElementTree

import variants
from suites import RESOURCES, SUITES

SUITE_SECONDS = 240
AGAIN = 3
ALONE_MAX = 40
UNSTEADY_MAX = 12
STATUS = "(exit status)"


def outcomes(suite, build, variant, folder, only=()):
    """Runs a suite, or `only` some of its tests: a map from the test's name to what came of it."""
    os.makedirs(folder)
    results = f"{folder}/results.xml"
    command = [variants.PYTHON, "-m", "test", "--fail-env-changed", "--timeout", str(SUITE_SECONDS - 20), "--junit-xml",
               results]
    if suite in RESOURCES:
        command += ["-u", RESOURCES[suite]]
    for pattern in only:
        command += ["-m", pattern]
    for pattern in SUITES[suite]:
        command += ["-i", pattern]
    env = variants.environment(build, variant, folder)
    status = variants.run(command + [suite], env, folder, SUITE_SECONDS, f"{folder}/log")
    found = {STATUS: "time was up" if status is None else str(status)}
    if os.path.exists(results):
        for case in xml.etree.ElementTree.parse(results).iter("testcase"):
            found[case.get("name")] = "/".join(sorted(child.tag for child in case)) or case.get("result")
    return found


def different(one, other):
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def steady(suite, build, variant, names, plain, other, folder):
    """Of the names that differed, those that differ however often they are run."""
    only = [name for name in names if name != STATUS]
    times = AGAIN
    if only and len(only) <= ALONE_MAX and all(name.startswith("test.") for name in only):
        names = only  # the exit status follows from them
    else:
        only, times = [], 1  # what is no test's own needs the whole suite
    seen = {name: ({plain.get(name)}, {other.get(name)}) for name in names}
    for attempt in range(times):
        for index, which in enumerate(("plain", variant)):
            again = outcomes(suite, build, which, f"{folder}-again-{which}-{attempt}", only)
            for name in names:
                seen[name][index].add(again.get(name))
        if all(without & with_it for without, with_it in seen.values()):
            break
    return {name for name, (without, with_it) in seen.items() if not without & with_it}


def judge(suite, build, results, scratch):
    """Prints what came of one suite in all variants; how many tests ran, are unsteady, and differ."""
    plain = results["plain"]
    ran = sum(outcome == "completed" for outcome in plain.values())
    words, unsteady, failed = [], 0, 0
    for variant in variants.VARIANTS:
        if variant == "plain":
            continue
        folder = f"{scratch}/{suite}-{variant}"
        processes, warmed = variants.seen(folder)
        words.append(f"{variant} in {processes} processes" + (f" ({len(warmed)} warmed)" if warmed else ""))
        if processes == 0:
            print(f"  {suite}: {variant}: the library was in no process")
            failed += 1
        names = different(plain, results[variant])
        bad = steady(suite, build, variant, names, plain, results[variant], folder) if names else {}
        for name in names:
            kind = "DIFFERENT" if name in bad else "unsteady"
            print(f"  {suite}: {variant}: {kind}: {name}: {plain.get(name)}, with it {results[variant].get(name)}")
        failed += len(bad)
        unsteady += len(names) - len(bad)
    print(f"{suite}: {ran} of {len(plain) - 1} tests ran; {', '.join(words)}: "
          f"{'FAILED' if failed else 'the same'}", flush=True)
    return ran, unsteady, failed


def part(build, scratch, only):
    """Runs all suites; is everything as it should be? `only`: the suites to run, all when empty."""
    suites = [suite for suite in SUITES if not only or suite in only]
    ran = unsteady = failed = 0
    # They wait more than they work, so there may be more of them than processors.
    with concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        runs = {(suite, variant): pool.submit(outcomes, suite, build, variant, f"{scratch}/{suite}-{variant}")
                for suite in suites for variant in variants.VARIANTS}
        results = {suite: {variant: runs[suite, variant].result() for variant in variants.VARIANTS}
                   for suite in suites}
    for suite in suites:
        counts = judge(suite, build, results[suite], scratch)
        ran, unsteady, failed = ran + counts[0], unsteady + counts[1], failed + counts[2]
    warmed = sum(len(variants.seen(f"{scratch}/{suite}-serve")[1]) for suite in suites)
    print(f"cpython: {ran} tests ran each way, {unsteady} unsteady, {failed} different; {warmed} processes were warmed")
    if warmed == 0:
        print("cpython: nothing was warmed: this shows nothing")
    if unsteady > UNSTEADY_MAX:
        print(f"cpython: more than {UNSTEADY_MAX} are unsteady: this shows too little")
    return failed == 0 and ran > 0 and warmed > 0 and unsteady <= UNSTEADY_MAX
