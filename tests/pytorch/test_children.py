# SPDX-License-Identifier: MIT
"""Processes that PyTorch starts to work for it, and that serve nobody: none is warmed, also where their parent was."""

from program import ProgramCase


class Loader(ProgramCase):
    def test_forked_workers_are_left_alone(self):
        self.assert_left_alone("training.py", "fork")

    def test_spawned_workers_are_left_alone(self):
        self.assert_left_alone("training.py", "spawn")

    def test_workers_of_a_fork_server_are_left_alone(self):
        self.assert_left_alone("training.py", "forkserver")

    def check_warmed_parent(self, method):
        with_it, _ = self.run_both("training.py", method, GPUWARM_TRIGGER="load")
        self.assert_warmed_once(with_it)

    def test_forked_workers_of_a_warmed_process_are_not_warmed(self):
        self.check_warmed_parent("fork")

    def test_spawned_workers_of_a_warmed_process_are_not_warmed(self):
        self.check_warmed_parent("spawn")

    def test_forked_workers_of_a_warmed_service_are_not_warmed(self):
        with_it, _ = self.run_both("serves.py", "loads")
        self.assert_warmed_once(with_it)


class Multiprocessing(ProgramCase):
    def test_forked_children_are_left_alone(self):
        self.assert_left_alone("children.py", "fork", "descriptors")

    def test_spawned_children_are_left_alone(self):
        self.assert_left_alone("children.py", "spawn", "descriptors")

    def test_children_of_a_fork_server_are_left_alone(self):
        self.assert_left_alone("children.py", "forkserver", "descriptors")

    # A process of PyTorch's own, torch_shm_manager, then keeps the files; it waits on a local socket.
    def test_children_that_share_files_are_left_alone(self):
        self.assert_left_alone("children.py", "fork", "files")

    def test_the_process_that_keeps_the_files_is_left_alone_with_an_explicit_trigger_too(self):
        self.assert_left_alone("children.py", "fork", "files", GPUWARM_TRIGGER="serve")
