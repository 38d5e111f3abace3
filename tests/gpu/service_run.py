# SPDX-License-Identifier: MIT
"""Running a service once in one variant: started, asked whether it is ready (which it answers without the GPU, and not
before it is warmed), then for the first time, the second, and so on, and ended by SIGTERM."""

import json
import re
import signal
import statistics
import time

import client_run
from budget import OutOfTime
from client_run import Failed, Skipped, why_not
from kit import warm_times
from protocols import http_body
from services import VARIANTS

LATER = 20  # requests after the second
TOLERANCE = 0.02  # of the largest number: what reduced precision (TF32) makes of an outcome
SKIP = re.compile(r"gpuclient skip (.+)")


def close(numbers, expected):
    """Are these lists of numbers the same up to rounding?"""
    if not isinstance(numbers, list) or len(numbers) != len(expected):
        return False
    most = TOLERANCE * max(map(abs, expected), default=0)
    return all(abs(number - other) <= most for number, other in zip(numbers, expected))


class Conversation:
    """The requests to one process."""

    def __init__(self, port, until):
        self.port, self.until = port, until

    def get(self, path):
        """The body of the answer; OSError when there is none in time."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise OSError("it took too long")
        return http_body(self.port, left, path)

    def numbers(self, path):
        body = self.get(path)
        try:
            return json.loads(body)
        except ValueError as problem:
            raise Failed(f"{path}: not JSON: {body[:80]!r}") from problem

    def ask(self):
        """Milliseconds of the first request, the second and the later ones, when the first was answered, and the
        different answers."""
        times, answers, first_ns = [], [], None
        for _ in range(2 + LATER):
            begin = time.monotonic_ns()
            body = self.get("/")
            end = time.monotonic_ns()
            first_ns = first_ns or end
            times.append((end - begin) / 1e6)
            if body not in answers:
                answers.append(body)
        return times, first_ns, answers


def listen_wait(kit, service, process, limit):
    """What service.ready matched; Skipped or Failed when it did not come."""
    match = process.wait_for(limit, lambda line: re.search(service.ready, line) or SKIP.match(line))
    if match and match.re is SKIP:
        raise Skipped(match.group(1))
    if not match and kit.budget.left() < 1:
        raise OutOfTime("a service was cut")
    if not match:
        raise Failed("it did not say that it listens")
    return match


def talk(kit, service, process, limit):
    """Everything that is asked of one process."""
    until = time.monotonic() + limit
    match = listen_wait(kit, service, process, limit)
    conversation = Conversation(int(match.group(1)), until)
    try:
        conversation.get("/ready")
        ready_ns = time.monotonic_ns()
        times, first_ns, answers = conversation.ask()
        expected, versions = conversation.numbers("/expected"), conversation.numbers("/versions")
    except OSError as problem:
        if kit.budget.left() < 1:
            raise OutOfTime("a service was cut") from problem
        raise Failed(f"no answer: {problem}") from problem
    try:
        numbers = [json.loads(answer) for answer in answers]
    except ValueError as problem:
        raise Failed(f"not JSON: {answers!r:.80}") from problem
    if not all(close(each, expected) for each in numbers):
        raise Failed("its answer is wrong")
    return {
        "first": times[0],
        "second": times[1],
        "later": statistics.median(times[2:]),
        "over": times[0] / statistics.median(times[2:]),
        "to_ready": (ready_ns - process.started_ns) / 1e6,
        "to_first": (first_ns - process.started_ns) / 1e6,
        "answers": answers,
        "versions": versions,
        "server": match.group(2) if match.re.groups > 1 else "",
    }


def warmed_check(variant, report):
    """Failed unless the process was warmed as its variant says."""
    warm = warm_times(report) is not None
    if variant == "cold" and warm:
        raise Failed("it was warmed, with GPUWARM_TRIGGER=off")
    if variant != "cold" and not warm:
        raise Failed(f"not warmed: {why_not(report)}")


def end(kit, process):
    """Ends it as a service is ended; its stderr is complete then."""
    process.signal(signal.SIGTERM)
    process.finish(5)
    kit.note(process)


def run_once(kit, service, variant):
    """One run's figures."""
    limit = kit.budget.limit(service.seconds)
    trigger, settings = VARIANTS[variant]
    process = kit.start(client_run.command(kit, service), trigger, settings)
    wrong = None
    try:
        sample = talk(kit, service, process, limit)
    except Failed as problem:
        wrong = problem
    finally:
        end(kit, process)
    if wrong:
        raise Failed(f"{wrong}; {process.complaint}")
    warmed_check(variant, process.report())
    sample["warm_up"] = warm_times(process.report())
    return sample
