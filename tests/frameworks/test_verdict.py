# SPDX-License-Identifier: MIT
"""What judges is judged: each verdict, from runs made by hand. Run by make test-frameworks before anything else."""

import unittest

import page
import verdict
from ask import Answer
from measure import Run


def run(pids=(1,), idle=(), later=(), text="cuInit 0", **more):
    return Run(answers=[Answer(1.0, pid, text) for pid in pids], warm_idle=set(idle), warm_later=set(later), status=0,
               **more)


class Verdicts(unittest.TestCase):
    def judged(self, given):
        return verdict.judge(run(pids=(7, 8)), given)[0]

    def test_each(self):
        self.assertEqual(self.judged(run(idle=(1,))), "WARM")
        self.assertEqual(self.judged(run(pids=(1, 2), idle=(1, 2))), "WARM")
        self.assertEqual(self.judged(run(pids=(1, 2), idle=(1,), later=(2,))), "LATE")
        self.assertEqual(self.judged(run(pids=(1, 2), idle=(1,))), "COLD")
        self.assertEqual(self.judged(run()), "COLD")

    def test_what_is_otherwise_is_broken(self):
        self.assertEqual(self.judged(run(idle=(1,), text="cuInit 3")), "BROKEN")
        self.assertEqual(self.judged(run(idle=(1,), problem="it ended")), "BROKEN")
        ended = run(idle=(1,))
        ended.status = -11
        self.assertEqual(self.judged(ended), "BROKEN")
        some = run(pids=(1, 2), idle=(1, 2))
        some.answers[1] = some.answers[1]._replace(text="cuInit 3")
        self.assertEqual(self.judged(some), "BROKEN")

    def test_wasted(self):
        self.assertEqual(verdict.wasted(run(pids=(1, 2), idle=(1, 2))), 0)
        self.assertEqual(verdict.wasted(run(pids=(1,), idle=(1, 2), later=(3,))), 2)

    def test_cells_of_the_page(self):
        self.assertEqual(page.cell({"verdict": "WARM", "wasted": 0, "first_ms": 2.4}), "warm, 2 ms")
        self.assertEqual(page.cell({"verdict": "BROKEN", "wasted": 1, "first_ms": None}), "**broken** +1 wasted")
        self.assertEqual(page.cell({"verdict": "COLD", "wasted": 1, "first_ms": 9.0}), "cold +1 wasted, 9 ms")


if __name__ == "__main__":
    unittest.main()
