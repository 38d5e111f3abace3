# SPDX-License-Identifier: MIT
"""One process that serves nobody: nothing is warmed by itself, and a warm-up before main changes nothing it says."""

from program import ProgramCase

TRIGGERS = ("auto", "load", "serve", "fork", "off")


# Which of the libraries that make it a program with CUDA are there after the import.
IMPORT = """
import torch
names = {line.split("/")[-1].strip() for line in open("/proc/self/maps") if ".so" in line}
print(torch.version.cuda is not None, "libtorch_cuda.so" in names, "libcuda.so.1" in names, (torch.ones(3) * 2).sum())
"""


class Alone(ProgramCase):
    def test_importing_it_loads_the_driver_and_warms_nothing(self):
        self.assertEqual(self.assert_left_alone("-c", IMPORT).out, "True True True tensor(6.)\n")

    def test_what_it_says_about_the_gpu_is_the_same_with_every_trigger(self):
        without = self.run_program(["questions.py"], preload=False)
        self.assertIn("available False", without.out)
        for trigger in TRIGGERS:
            with self.subTest(trigger=trigger):
                with_it = self.run_as(without, ["questions.py"], GPUWARM_TRIGGER=trigger)
                self.assertEqual(list(with_it.warm_ups().values()), [1] if trigger == "load" else [])
                if trigger != "load":
                    self.assertEqual(with_it.functions(), without.functions())

    def test_training_on_the_cpu_gives_the_same_numbers(self):
        self.assert_left_alone("training.py", "none")

    def test_training_after_a_warm_up_before_main_gives_the_same_numbers(self):
        with_it, _ = self.run_both("training.py", "none", GPUWARM_TRIGGER="load")
        self.assert_warmed_once(with_it)
