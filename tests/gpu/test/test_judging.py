# SPDX-License-Identifier: MIT
"""How the checks judge what they saw, on outcomes made up for it."""

import signal

import safety_deaths
import safety_memory
from support import KitCase


class Ended:
    """A process that ended so."""

    cut, complaint = False, ""

    def __init__(self, status):
        self.status = status


class Judging(KitCase):
    def test_how_a_process_may_end(self):
        for death, status, problem in (
            (("SIGTERM", 0.1), -signal.SIGTERM, None),
            (("SIGTERM", 0.1), 0, None),
            (("SIGTERM", 0.1), -signal.SIGKILL, "ended by signal 9"),
            (("SIGKILL", 0.1), -signal.SIGSEGV, "ended by signal 11"),
            (("exit", 1), 0, None),
            (("exit", 1), 1, "exit status 1"),
        ):
            self.assertEqual(safety_deaths.wrong(death, Ended(status)), problem)

    def judged(self, with_it, without, **after):
        tally = safety_deaths.Tally()
        tally.pairs, tally.wrong = 5, {"load": with_it, None: without}
        return safety_deaths.judge(self.kit, tally, 5, dict({"works": True, "memory": 0, "text": "works"}, **after))[
            "result"
        ]

    def test_what_goes_wrong_without_the_library_too_is_a_finding(self):
        self.assertEqual(self.judged([], []), "ok")
        self.assertEqual(self.judged(["x"], []), "failed")
        self.assertEqual(self.judged(["x"], ["x"]), "finding")

    def test_a_gpu_that_does_not_work_afterwards_is_a_failure(self):
        self.assertEqual(self.judged([], [], works=False), "failed")

    def test_memory_that_stays_in_use_afterwards_is_a_finding(self):
        self.assertEqual(self.judged([], [], memory=1 << 20), "finding")

    def test_memory_that_others_use_meanwhile_is_not_judged(self):
        self.assertTrue(safety_memory.quiet({"context": [1, 1], "kernel": [2, 2]}))
        self.assertFalse(safety_memory.quiet({"context": [1, 1], "kernel": [2, 3]}))

    def test_memory_is_told_by_what_left_it(self):
        cold = {"context": [100 << 20], "kernel": [102 << 20], "memory": [110 << 20]}
        warm = {
            name: {"context": [used << 20], "kernel": [0], "memory": [110 << 20]}
            for name, used in (("context", 100), ("module", 102), ("scratch", 110))
        }
        made = safety_memory.judge(self.kit, cold, warm, 400)
        self.assertEqual(made["data"]["extra_mib"], {"context": 0, "module": 2, "scratch": 8})
        self.assertEqual(
            (made["data"]["beyond_mib"], made["data"]["after_same_use_mib"], made["result"]), (10, 0, "finding")
        )
