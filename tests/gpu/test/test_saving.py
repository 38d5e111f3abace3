# SPDX-License-Identifier: MIT
"""The reading that decides whether an optional stage is on by default: on made-up times."""

import unittest

import saving
from clients import CLIENTS
from optional import Entry


def sample(first, start=None):
    stages = {"driver": 1, "libraries": 9, "libraries: cuBLAS": 5, "prefetch": 3}
    return {"first": first, "to_first": start or 1000 + first, "steady": 1, "warm_up": {"stages": stages}}


def entry(*caches):
    library = len(caches) < 2
    stage, field = ("libraries", "first") if library else ("prefetch", "to_first")
    return Entry("e", "E", stage, CLIENTS[0], "serve", field, "library", caches or ("warm",))


class Saving(unittest.TestCase):
    def reading(self, without, with_it, start=None):
        samples = {
            "cold": [sample(500) for _ in without],
            "without": [sample(ms) for ms in without],
            "with": [sample(ms, start) for ms in with_it],
        }
        found = saving.measured(samples, entry(), False)
        return saving.reading(entry(), {"warm": found}, None, False)

    def test_shorter_in_every_pair_is_shown(self):
        reading = self.reading([60] * 5, [10, 20, 30, 40, 59])
        self.assertIs(reading["shown"], True)
        self.assertIn("first call 30.00 ms shorter with it (saved 30.00 ms (1.00 to 50.00), 5 pairs)", reading["text"])

    def test_longer_in_one_pair_is_not(self):
        reading = self.reading([60] * 5, [10, 20, 30, 40, 61])
        self.assertIs(reading["shown"], False)

    def test_what_is_longer_is_called_so(self):
        self.assertIn("first call 40.00 ms longer with it", self.reading([60] * 5, [100] * 5)["text"])

    def test_a_start_that_became_too_long_is_not(self):
        self.assertIs(self.reading([60] * 5, [10] * 5, start=1.02 * 1060)["shown"], True)
        self.assertIs(self.reading([60] * 5, [10] * 5, start=1.03 * 1060)["shown"], False)

    def test_few_pairs_are_neither(self):
        reading = self.reading([60] * 4, [10] * 4)
        self.assertIsNone(reading["shown"])
        self.assertIn("4 pairs, at least 5 are needed", reading["text"])

    def test_what_the_stage_took_is_in_it(self):
        self.assertIn(
            "libraries 9.00 ms (9.00 to 9.00), libraries: cuBLAS 5.00 ms", self.reading([60] * 5, [10] * 5)["text"]
        )
        self.assertNotIn("prefetch", self.reading([60] * 5, [10] * 5)["text"])

    def test_without_the_arm_what_there_is_to_save_is_said(self):
        found = saving.measured({"cold": [sample(500)], "without": [sample(60)]}, entry(), False)
        reading = saving.reading(entry(), {"warm": found}, "no stage", False)
        self.assertIsNone(reading["shown"])
        self.assertIn("no stage; first call: cold 500.0 ms, without 60.00 ms; later calls 1.00 ms", reading["text"])


class Prefetch(unittest.TestCase):
    def reading(self, dropped, warm, count=5):
        kind, caches = entry("dropped", "warm"), {}
        for cache, (without, with_it) in {"dropped": dropped, "warm": warm}.items():
            samples = {"without": [sample(1, without)] * count, "with": [sample(1, with_it)] * count}
            caches[cache] = saving.measured(samples, kind, False)
        return saving.reading(kind, caches, None, False)["shown"]

    def test_shorter_where_files_were_not_in_memory_and_harmless_where_they_were(self):
        self.assertIs(self.reading((900, 600), (500, 509)), True)

    def test_no_shorter_is_not_shown(self):
        self.assertIs(self.reading((900, 900), (500, 400)), False)

    def test_harm_where_files_were_in_memory_is_not_shown(self):
        self.assertIs(self.reading((900, 600), (500, 511)), False)

    def test_few_pairs_are_neither(self):
        self.assertIsNone(self.reading((900, 600), (500, 500), 4))

    def test_one_state_of_two_is_neither(self):
        kind = entry("dropped", "warm")
        samples = {"without": [sample(1, 500)] * 5, "with": [sample(1, 400)] * 5}
        found = saving.measured(samples, kind, False)
        self.assertIsNone(saving.reading(kind, {"warm": found}, None, False)["shown"])
