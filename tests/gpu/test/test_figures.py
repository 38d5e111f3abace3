# SPDX-License-Identifier: MIT
"""Medians, ranges, ratios and how they are written."""

import unittest

import figures


class Figures(unittest.TestCase):
    def test_median_and_range(self):
        self.assertEqual(
            figures.figure([3, 1, 100], False),
            {"median": 3, "low": 1, "high": 100, "n": 3, "unit": "ms", "simulated": False},
        )
        self.assertEqual(figures.figure([1, 2, 3, 10], False)["median"], 2.5)

    def test_missing_values_are_left_out(self):
        self.assertEqual(figures.figure([None, 4, None, 6], False)["n"], 2)
        self.assertIsNone(figures.figure([None], False))
        self.assertIsNone(figures.figure([], False))

    def test_ratio_is_that_of_the_medians_and_its_range_that_of_the_pairs(self):
        ratio = figures.ratio([100, 200, 400], [110, 100, 440], False)
        self.assertEqual((ratio["median"], ratio["low"], ratio["high"], ratio["n"]), (0.55, 0.5, 1.1, 3))

    def test_ratio_needs_both_of_a_pair(self):
        self.assertEqual(figures.ratio([100, None, 100], [50, 50, None], False)["n"], 1)
        self.assertIsNone(figures.ratio([None], [1], False))

    def test_five_digits_are_kept(self):
        self.assertEqual(figures.figure([123.456789], False)["median"], 123.46)
        self.assertEqual(figures.figure([0.00123456789], False)["median"], 0.0012346)

    def test_text(self):
        self.assertEqual(figures.text(figures.figure([0.00412, 0.0041, 0.005], False)), "0.0041 ms (0.0041 to 0.0050)")
        self.assertEqual(figures.text(figures.figure([181.24], False)), "181.2 ms")
        self.assertEqual(figures.text(figures.figure([4840, 1900, 5000], False)), "4840 ms (1900 to 5000)")
        self.assertEqual(figures.text(figures.ratio([10], [9], False)), "0.900")
        self.assertEqual(figures.text(None), "-")

    def test_simulated_figures_say_so(self):
        self.assertEqual(figures.text(figures.figure([1.5, 2.5, 3], True)), "2.50 ms (1.50 to 3.00) SIMULATED")
        self.assertTrue(figures.text(figures.ratio([10], [9], True)).endswith(" SIMULATED"))
        self.assertEqual(figures.plain(2, "MiB", True), "2 MiB SIMULATED")
