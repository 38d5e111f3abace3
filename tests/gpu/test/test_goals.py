# SPDX-License-Identifier: MIT
"""The goals: reached at the limit, not reached above it, and what is said then."""

import unittest

import goals
from support import client_summary, of, ratio, sample_report, service_summary


def judged(report, start):
    return [goal for goal in goals.judge(report) if goal["goal"].startswith(start)]


class Goals(unittest.TestCase):
    def setUp(self):
        self.report = sample_report()
        self.clients = self.report["parts"]["clients"]["clients"]

    def first(self, first, steady):
        client = self.clients["driver"]
        client["warm"] = dict(client["warm"], first=of(first), steady=of(steady))
        return judged(self.report, "first driver-API")[0]

    def test_first_sequence_at_the_limit_is_reached(self):
        self.assertTrue(self.first(1.05 * 2 + 1, 2)["reached"])

    def test_first_sequence_above_it_is_not(self):
        goal = self.first(3.6, 2)
        self.assertIs(goal["reached"], False)
        self.assertIn("0.50 ms too long", goal["text"])

    def test_where_the_rest_goes_is_said(self):
        self.report["parts"]["split"]["variants"]["warmed"]["calls"][0].update(first=of(2.5), again=of(0.5))
        self.assertIn("cuInit 2.00 ms", self.first(9, 1)["text"])

    def test_first_sequence_is_a_goal_of_driver_api_clients_only(self):
        self.clients["torch"] = client_summary(kind="framework", title="PyTorch")
        self.assertEqual([goal["of"] for goal in judged(self.report, "first driver-API")], ["a client"])

    def start(self, cold, warm):
        client = self.clients["driver"]
        client["cold"] = dict(client["cold"], to_first=of(cold))
        client["warm"] = dict(client["warm"], to_first=of(warm))
        client["ratio"] = dict(client["ratio"], to_first=ratio([cold], [warm], False))
        return judged(self.report, "process start")[0]

    def test_start_at_the_limit_is_reached(self):
        self.assertTrue(self.start(100, 102)["reached"])

    def test_start_above_it_is_not_and_says_where_the_time_goes(self):
        goal = self.start(100, 103)
        self.assertIs(goal["reached"], False)
        for words in (
            "1.030 times cold",
            "1.00 ms over the limit",
            "3.00 ms more than cold",
            "driver 200.0 ms",
            "298.0 ms",
        ):
            self.assertIn(words, goal["text"])

    def test_what_the_first_use_gave_back_includes_the_setup(self):
        client = self.clients["driver"]
        client["cold"]["setup"], client["warm"]["setup"] = of(500), of(100)
        client["cold"]["first"], client["warm"]["first"] = of(50), of(40)
        self.assertIn("gave back 410.0 ms", self.start(100, 110)["text"])

    def test_every_client_has_its_start_judged(self):
        self.clients["torch"] = client_summary(kind="framework", title="PyTorch")
        self.assertEqual(len(judged(self.report, "process start")), 2)

    def test_memory(self):
        self.assertIs(judged(self.report, "GPU memory")[0]["reached"], True)
        self.report["parts"]["safety"]["checks"]["GPU memory"]["data"]["beyond_mib"] = 2.0
        self.assertIs(judged(self.report, "GPU memory")[0]["reached"], False)

    def test_what_was_not_measured_is_neither(self):
        self.report["parts"] = {}
        self.assertEqual([goal["reached"] for goal in goals.judge(self.report)], [None, None, None, None])

    def request(self, **changes):
        self.report["parts"]["services"]["services"] = {"s": service_summary(**changes)}
        return judged(self.report, "first request")[0]

    def test_first_request_at_the_limit_is_reached(self):
        self.assertIs(self.request(first=1.5)["reached"], True)

    def test_first_request_above_it_is_not_and_says_where_the_time_goes(self):
        goal = self.request(first=21)
        self.assertIs(goal["reached"], False)
        for words in (
            "first 21.000 times later: first 21.00 ms, later 1.00 ms: 19.50 ms too long",
            "the second took 1.10 ms, the first without `libraries` 60.00 ms, cold 400.0 ms",
            "libraries: cuBLAS 40.00 ms",
        ):
            self.assertIn(words, goal["text"])

    def test_first_request_is_a_goal_with_libraries_only(self):
        variants = service_summary(first=21)["variants"]
        variants["libraries"]["warm_up"]["stages"] = variants["serve"]["warm_up"]["stages"]
        goal = self.request(variants=variants)
        self.assertIsNone(goal["reached"])
        self.assertIn("the stage `libraries` did not run", goal["text"])

    def test_every_service_has_its_first_request_judged(self):
        services = self.report["parts"]["services"]["services"]
        services["other"] = service_summary(first=9)
        self.assertEqual([goal["reached"] for goal in judged(self.report, "first request")], [True, False])

    def test_a_service_without_a_round_is_not_judged(self):
        variants = {name: {"over": None, "warm_up": None} for name in ("cold", "serve", "libraries")}
        goal = self.request(variants=variants, rounds=0, problem="libraries: no answer")
        self.assertIsNone(goal["reached"])
        self.assertIn("libraries: no answer", goal["text"])

    def test_a_check_that_was_skipped_measured_nothing(self):
        self.report["parts"]["safety"]["checks"]["GPU memory"] = {"result": "skipped", "text": "busy", "data": {}}
        goal = judged(self.report, "GPU memory")[0]
        self.assertIsNone(goal["reached"])
        self.assertIn("busy", goal["text"])

    def test_a_client_without_pairs_is_not_judged(self):
        self.clients["driver"]["pairs"] = 0
        self.assertIsNone(judged(self.report, "first driver-API")[0]["reached"])
