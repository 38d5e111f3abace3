# SPDX-License-Identifier: MIT
"""The checks of the part `safety` find what they are for: with the library all is well on the simulated driver, and
with a library that is wrong in one way (wrong_library.c) the check that is about it fails."""

from unittest import mock

import checks
import part_safety
import safety_deaths
import safety_memory
import safety_state
from budget import Budget, OutOfTime
from support import KitCase, WrongCase


class Few(Budget):
    """Time for so many processes, however long they take."""

    def __init__(self, processes):
        super().__init__(120)
        self.processes = processes

    def limit(self, seconds, least=1.0):
        self.processes -= 1
        if self.processes < 0:
            raise OutOfTime("no time left")
        return super().limit(seconds, least)

    def share(self, weight, weights, least=0.0):
        return Few(20)


class Right(KitCase):
    def test_current_context(self):
        made = safety_state.current_context(self.kit)
        self.assertEqual(made["result"], "ok", made)
        self.assertIn("under it: flags 0 active 1", made["text"])

    def test_driver_threads(self):
        made = safety_state.driver_threads(self.kit)
        self.assertIn("under the library 2 of the driver's 2 threads block SIGTERM", made["text"])

    def test_memory(self):
        made = safety_memory.memory_beyond(self.kit)
        self.assertEqual((made["result"], made["data"]["beyond_mib"]), ("ok", 0), made)
        self.assertIn("SIMULATED", made["text"])

    def test_chooses_late(self):
        made = safety_state.chooses_late(self.kit)
        self.assertEqual(made["result"], "ok", made)
        self.assertIn("load: cuInit 0 CUDA_SUCCESS, devices 1", made["text"])

    def test_forks(self):
        made = safety_state.forks(self.kit)
        self.assertEqual(made["result"], "ok", made)
        self.assertIn("the child gets cuInit 3 CUDA_ERROR_NOT_INITIALIZED", made["text"])

    def test_flags_differ_and_are_told(self):
        made = safety_state.flags_driver(self.kit)
        self.assertEqual(made["result"], "finding", made)
        self.assertIn("+ flags set: flags 4 active 1", made["text"])

    def test_deaths(self):
        made = safety_deaths.deaths(self.kit)
        self.assertEqual((made["result"], made["data"]["pairs"]), ("ok", 12), made)
        self.assertIn("seed 7", made["text"])
        self.assertEqual(sum(made["data"]["with"].values()), 12)

    def test_deaths_without_time_are_counted_as_cut(self):
        self.kit.counts["deaths"] = 50
        self.kit.budget = Few(30)
        made = safety_deaths.deaths(self.kit)
        self.assertTrue(made["data"]["cut"])
        self.assertIn(made["data"]["pairs"], range(1, 20))
        self.assertIn("afterwards the GPU works", made["text"])

    def test_the_plan_is_the_seeds(self):
        self.assertEqual(safety_deaths.plan(7, 300, 1.0), safety_deaths.plan(7, 300, 1.0))
        self.assertNotEqual(safety_deaths.plan(7, 300, 1.0), safety_deaths.plan(8, 300, 1.0))
        self.assertEqual({way for way, _ in safety_deaths.plan(7, 300, 1.0)}, set(safety_deaths.WAYS))

    def test_every_check_is_made_and_skips_name_their_reason(self):
        self.kit.counts["deaths"] = 2
        result = {}
        part_safety.run(self.kit, result)
        self.assertEqual(list(result["checks"]), [name for name, _, _ in part_safety.CHECKS])
        self.assertEqual(result["checks"]["ncu"], checks.skipped("the simulated driver cannot run it"))
        self.assertNotIn("failures", result)

    def test_a_check_that_breaks_does_not_keep_the_next_from_being_made(self):
        broken = part_safety.make(self.kit, lambda kit: 1 // 0)
        self.assertEqual(broken["result"], "failed")
        self.assertIn("ZeroDivisionError", broken["text"])

    def test_a_check_without_time_is_cut(self):
        self.kit.budget = Budget(0)
        self.assertTrue(part_safety.make(self.kit, safety_state.forks)["data"]["cut"])


class WarmsNothing(WrongCase):
    wrong = "WARMS_NOTHING"

    def test_not_warmed_is_found(self):
        made = safety_state.current_context(self.kit)
        self.assertEqual(made["result"], "failed")
        self.assertIn("not warmed", made["text"])
        self.assertEqual(safety_memory.memory_beyond(self.kit)["result"], "failed")


class LeavesContext(WrongCase):
    wrong = "LEAVES_CONTEXT"

    def test_a_current_context_is_found(self):
        made = safety_state.current_context(self.kit)
        self.assertEqual(made["result"], "failed", made)
        self.assertIn("one IS current", made["text"])

    def test_a_choice_that_came_too_late_is_found(self):
        self.assertEqual(safety_state.chooses_late(self.kit)["result"], "failed")

    def test_a_fork_that_cannot_work_is_found(self):
        self.assertEqual(safety_state.forks(self.kit)["result"], "failed")


class KeepsMemory(WrongCase):
    wrong = "KEEPS_MEMORY"

    def test_memory_is_found(self):
        made = safety_memory.memory_beyond(self.kit)
        self.assertEqual((made["result"], made["data"]["beyond_mib"]), ("finding", 2), made)
        self.assertIn("2 MiB SIMULATED", made["text"])


class Crashes(WrongCase):
    wrong = "CRASHES"

    def test_crashes_are_found(self):
        made = safety_deaths.judge(self.kit, *self.tally())
        self.assertEqual(made["result"], "failed", made)
        self.assertIn("ended by signal 11", made["text"])
        self.assertEqual(safety_state.flags_driver(self.kit)["result"], "failed")

    def tally(self):
        tally = safety_deaths.Tally()
        for number, death in enumerate([("exit", 2), ("fork", 3)]):
            safety_deaths.pair(self.kit, tally, number, death)
        return tally, 2, {"works": True, "memory": 0, "text": "works"}


class Hangs(WrongCase):
    wrong = "HANGS"

    def test_a_hang_is_found(self):
        with mock.patch.object(safety_deaths, "SECONDS", 3):
            process = safety_deaths.die(self.kit, ("exit", 1), "load")
        self.assertEqual(safety_deaths.wrong(("exit", 1), process), "hung")
        cold, warm = checks.compared(self.kit, [self.kit.program("hosts/forks")], "load", 3)
        self.assertIn("did not end in time under the library", checks.broken(cold, warm))

    def test_a_program_that_is_cut_because_the_time_is_up_is_no_hang(self):
        self.kit.budget = Budget(3)
        self.assertRaises(OutOfTime, self.kit.run, ["/bin/sleep", "60"])


class Prints(WrongCase):
    wrong = "PRINTS"

    def test_another_output_is_found(self):
        self.assertEqual(safety_state.flags_driver(self.kit)["result"], "finding")
        tally = safety_deaths.Tally()
        safety_deaths.pair(self.kit, tally, 0, ("exit", 2))
        self.assertEqual(len(tally.different), 1)
