# SPDX-License-Identifier: MIT
"""Rounds: everything that is compared runs once in each round, in an order that changes from round to round, so that
whatever drifts on the machine is in all of it; and no round is begun for which there seems to be no time."""

import time
from collections import namedtuple

from budget import OutOfTime
from client_run import Failed, Skipped

MARGIN = 1.3  # a round may take so many times what the last one took


class Subject:
    """Something that is measured round after round."""

    def __init__(self, name, title, wanted):
        self.name, self.title, self.wanted = name, title, wanted
        self.done = 0  # whole rounds
        self.round_seconds = 0.0  # of the last one
        self.problem = None  # why it goes on no longer
        self.partial = None  # what a warm-up lacked

    def take(self, sample):
        """Looks at what a run gave."""
        warm_up = sample and sample["warm_up"]
        self.partial = self.partial or (warm_up and warm_up["partial"])

    def wants(self, left):
        """Another round, if there is time for one as long as the last?"""
        return not self.problem and self.done < self.wanted and left > MARGIN * self.round_seconds


def turned(names, number):
    """The names in the order of round `number`: each comes first as often as the others."""
    names, number = list(names), number % len(names)
    return names[number:] + names[:number]


def go(kit, part, subjects, one_round):
    """Calls one_round(kit, subject, number) round after round, as long as a subject wants one."""
    for number in range(max([subject.wanted for subject in subjects], default=0)):
        ready = [subject for subject in subjects if subject.wants(kit.budget.left())]
        if not ready:
            return
        for subject in ready:
            if subject.wants(kit.budget.left()):
                begin = time.monotonic()
                one_round(kit, subject, number)
                subject.round_seconds = time.monotonic() - begin
                subject.done += not subject.problem
        kit.say(f"{part}: round {number + 1}: " + ", ".join(subject.name for subject in ready))


def fewer(subjects):
    """What had fewer rounds than it should, though nothing was wrong with it, as text; or None."""
    short = [f"{s.name} {s.done} of {s.wanted}" for s in subjects if s.done < s.wanted and not s.problem]
    return ", ".join(short) or None


# What makes a part: its name, the place of its figures in its result, and its functions: subjects(kit) gives the
# subjects, settle(kit, subject) makes one ready and runs it once, one_round(kit, subject, number) measures it, and
# summary(kit, subject) gives its figures.
Part = namedtuple("Part", "name figures subjects settle one_round summary")


def settled(kit, part, result):
    """Yields the subjects that run here; the others are in result["skipped"]."""
    for subject in part.subjects(kit):
        kit.say(f"{part.name}: {subject.name}, first run")
        try:
            part.settle(kit, subject)
            yield subject
        except Skipped as why:
            result["skipped"].append({"what": subject.title, "why": str(why)})
            kit.say(f"{part.name}: {subject.name} skipped: {why}")
        except Failed as problem:
            result["failures"].append(f"{subject.name}, not warmed: {problem}")


def measure(kit, part, result):
    """Measures a part and fills `result`, also when the time runs out in the middle."""
    result["skipped"], result["failures"], result[part.figures] = [], [], {}
    subjects = []
    try:
        for subject in settled(kit, part, result):
            subjects.append(subject)
        go(kit, part.name, subjects, part.one_round)
    except OutOfTime:
        result["cut"] = "the time was up"
    finally:
        for subject in subjects:
            result[part.figures][subject.name] = part.summary(kit, subject)
        if fewer(subjects):
            result["fewer"] = fewer(subjects)
        for subject in subjects:
            if subject.partial:
                result["failures"].append(f"{subject.name}: warmed in part: {subject.partial}")
            if subject.problem:
                result["failures"].append(f"{subject.name}: {subject.problem}")
