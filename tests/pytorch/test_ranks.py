# SPDX-License-Identifier: MIT
"""torchrun: the launcher is never warmed, and a rank where it serves, on the device of its own local rank."""

import re

from program import HERE, ProgramCase

# At any free port: the one that it takes by itself is always the same.
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


class Ranks(ProgramCase):
    def pids(self, ran):
        """The process of each rank, as it says."""
        pids = {int(rank): int(pid) for rank, pid in re.findall(r"rank (\d+) pid (\d+):", ran.out)}
        self.assertEqual(sorted(pids), [0, 1], ran.out)
        return pids

    def check_left_alone(self, work):
        ran = self.assert_left_alone(*TORCHRUN, f"{HERE}/programs/rank.py", work)
        self.assertEqual(sorted(ran.reports), sorted(self.pids(ran).values()), "the launcher is on the skip list")

    def test_ranks_that_compute_are_left_alone(self):
        self.check_left_alone("computes")

    def test_ranks_that_talk_through_gloo_are_left_alone(self):
        self.check_left_alone("gathers")

    # It has the store where the ranks meet, and so listens.
    def test_a_launcher_that_is_not_on_the_skip_list_is_not_warmed_either(self):
        self.assert_left_alone(*TORCHRUN, f"{HERE}/programs/rank.py", "gathers", GPUWARM_SKIP="none")

    def test_ranks_that_serve_are_each_warmed_on_their_own_device(self):
        ran, _ = self.run_both(*TORCHRUN, f"{HERE}/programs/rank.py", "serves", SIMCUDA_DEVICES="2")
        pids = self.pids(ran)
        self.assertEqual(ran.warm_ups(), dict.fromkeys(pids.values(), 1))
        self.assertEqual({rank: ran.device(pid) for rank, pid in pids.items()}, {0: 0, 1: 1})
