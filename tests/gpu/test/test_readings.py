# SPDX-License-Identifier: MIT
"""What clients print is read as it was meant, and what is something else is refused."""

import unittest

import readings


def lines(*texts):
    return [(1000 + number, text) for number, text in enumerate(texts)]


class Readings(unittest.TestCase):
    def test_common_lines(self):
        taken = readings.common(
            lines(
                "gpuclient main 5",
                "gpuclient setup 1000000 3000000",
                "gpuclient call 4000000 9000000",
                "noise",
                "gpuclient call 9000000 9500000",
                "gpuclient value right yes",
                "gpuclient version PyTorch 2.9.1 cu130",
            )
        )
        self.assertEqual(
            taken,
            {
                "calls": [5.0, 0.5],
                "setup": 2.0,
                "first_ns": 9000000,
                "values": {"right": "yes"},
                "versions": {"PyTorch": "2.9.1 cu130"},
                "skip": None,
            },
        )

    def test_common_skip(self):
        self.assertEqual(readings.common(lines("gpuclient skip no CUDA in it"))["skip"], "no CUDA in it")

    def test_common_without_a_call_is_refused(self):
        self.assertRaises(readings.Unreadable, readings.common, lines("gpuclient main 5"))

    def test_example(self):
        taken = readings.first_second(lines("first    812.300 ms", "second     0.200 ms"))
        self.assertEqual((taken["calls"], taken["first_ns"]), ([812.3, 0.2], None))

    def test_example_that_stopped_early_is_refused(self):
        self.assertRaises(readings.Unreadable, readings.first_second, lines("first    812.300 ms"))

    def test_iterations(self):
        taken = readings.iterations(lines("a warning", "iteration 1: 4.840 s", "iteration 2: 1.900 s"))
        self.assertEqual((taken["calls"], taken["first_ns"]), ([4840.0, 1900.0], 1001))

    def test_no_iteration_is_refused(self):
        self.assertRaises(readings.Unreadable, readings.iterations, lines("Traceback"))
