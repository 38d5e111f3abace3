# SPDX-License-Identifier: MIT
"""What the kit reads in the library's report: stages, and the entries of a stage, wherever they are in it."""

import unittest

from kit import stage_times, warm_times, warm_up_figures

STAGES = [{"name": "driver", "ms": 3.5, "result": "ok"}, {"name": "libraries", "ms": 9}]
DEVICE = {"ordinal": 0, "name": "a GPU", "stages": STAGES}


def report(**changes):
    return dict({"version": "1", "program": "x", "result": "warm", "total_ms": 20, "devices": [DEVICE]}, **changes)


class Stages(unittest.TestCase):
    def test_of_a_device(self):
        found = {"total": 20, "stages": {"driver": 3.5, "libraries": 9}}
        self.assertEqual(warm_times(report()), dict(found, partial=None))

    def test_a_stage_of_the_process(self):
        self.assertEqual(stage_times(report(stages=[{"name": "prefetch", "ms": 2}]))[-1], ("prefetch", 2))

    def test_entries_of_a_stage(self):
        libraries = {
            "name": "libraries",
            "ms": 9,
            "libraries": [{"name": "cuBLAS", "ms": 5}, {"name": "cuDNN", "ms": 4}],
        }
        found = stage_times(report(devices=[dict(DEVICE, stages=[libraries])]))
        self.assertEqual(found, [("libraries", 9), ("libraries: cuBLAS", 5), ("libraries: cuDNN", 4)])

    def test_a_process_that_was_not_warmed_has_none(self):
        self.assertIsNone(warm_times(report(result="skipped")))
        self.assertIsNone(warm_times(None))

    def test_one_that_was_warmed_in_part_says_what_was_missing(self):
        self.assertEqual(warm_times(report(result="partial", reason="kernel: failed"))["partial"], "kernel: failed")
        self.assertIsNone(warm_times(report())["partial"])

    def test_a_stage_that_some_processes_lack(self):
        made = warm_up_figures(
            [warm_times(report()), warm_times(report(stages=[{"name": "prefetch", "ms": 2}]))], False
        )
        self.assertEqual(
            {name: figure["n"] for name, figure in made["stages"].items()}, {"driver": 2, "libraries": 2, "prefetch": 1}
        )
