# SPDX-License-Identifier: MIT
"""The environment of the programs, and the driver: nothing is measured on another one than was meant."""

import os
import shutil
import unittest
from unittest import mock

import driver
from kit import WrongDriver
from support import BUILD, KitCase

DEVICE = {"name": "NVIDIA H100 80GB HBM3", "uuid": "GPU-1", "capability": "9.0", "bytes": 1 << 36}
NOTHING = {"library": "", "version": 0, "devices": [], "problem": "cannot open shared object file"}


class Environment(unittest.TestCase):
    def clean(self, **given):
        return driver.clean_environment(given, "/out")

    def test_what_would_change_a_measurement_is_unset_and_said(self):
        environment, unset = self.clean(
            LD_PRELOAD="x.so",
            GPUWARM_TRIGGER="off",
            SIMCUDA_FAULT="a",
            CUDA_CACHE_DISABLE="1",
            CUDA_MODULE_LOADING="EAGER",
            CUDA_INJECTION64_PATH="/x",
            PATH="/bin",
        )
        self.assertEqual(
            unset,
            [
                "CUDA_CACHE_DISABLE",
                "CUDA_INJECTION64_PATH",
                "CUDA_MODULE_LOADING",
                "GPUWARM_TRIGGER",
                "LD_PRELOAD",
                "SIMCUDA_FAULT",
            ],
        )
        self.assertEqual(set(environment), {"PATH", "CUDA_CACHE_PATH", "CUPY_CACHE_DIR"})

    def test_the_rest_stays(self):
        environment, unset = self.clean(CUDA_VISIBLE_DEVICES="1", PYTHONPATH="/p", HOME="/root")
        self.assertEqual((environment["CUDA_VISIBLE_DEVICES"], environment["PYTHONPATH"], unset), ("1", "/p", []))

    def test_the_simulated_drivers_folder_is_taken_out(self):
        environment, unset = self.clean(LD_LIBRARY_PATH="/a:" + os.path.join(BUILD, "simcuda") + ":/b")
        self.assertEqual(environment["LD_LIBRARY_PATH"], "/a:/b")
        self.assertEqual(len(unset), 1)

    def test_caches_are_the_runs_own(self):
        self.assertEqual(self.clean()[0]["CUDA_CACHE_PATH"], "/out/cache/cuda")


class Driver(KitCase):
    def why(self, devices, simulated, library="/x/libcuda.so.1"):
        self.kit.simulated = simulated
        self.kit.probe = {"library": library, "version": 13000, "devices": devices, "problem": ""}
        return driver.why_no_gpu(self.kit)

    def test_a_gpu(self):
        self.assertIsNone(self.why([DEVICE], False))

    def test_the_simulated_driver_is_no_gpu(self):
        self.assertIn("is the simulated driver", self.why([dict(DEVICE, name="Simulated GPU 0")], False))

    def test_a_gpu_is_not_the_simulated_driver(self):
        self.assertIn("is not the simulated driver", self.why([DEVICE], True))
        self.assertIsNone(self.why([dict(DEVICE, name="Simulated GPU 0")], True))

    def test_no_device(self):
        self.assertIn("no device", self.why([], False))

    def test_the_probe_sees_the_simulated_driver(self):
        found = driver.probe(self.kit)
        self.assertEqual(found["devices"][0]["name"], "Simulated GPU 0")
        self.assertEqual(
            os.path.realpath(found["library"]), os.path.realpath(os.path.join(BUILD, "simcuda/libcuda.so.1"))
        )

    def test_a_warmed_program_on_the_other_kind_of_driver_is_refused(self):
        client = [self.kit.program("clients/driver")]
        self.assertEqual(self.kit.run(client, "load").report()["result"], "warm")
        self.kit.simulated = False
        self.assertRaises(WrongDriver, self.kit.run(client, "load").report)

    def test_the_probe_without_a_driver_says_so(self):
        os.mkdir(os.path.join(self.folder, "empty"))
        shutil.copy("/bin/true", os.path.join(self.folder, "empty", "libcuda.so.1"))
        self.kit.environment["LD_LIBRARY_PATH"] = os.path.join(self.folder, "empty")
        self.assertNotEqual(driver.probe(self.kit)["problem"], "")

    def find(self, answers):
        """driver.find with a probe that gives these answers, and two known folders that have a driver."""
        folders = [os.path.join(self.folder, name) for name in ("one", "two")]
        for folder in folders:
            os.mkdir(folder)
            open(os.path.join(folder, "libcuda.so.1"), "w").close()
        self.kit.simulated, self.kit.environment = False, {"LD_LIBRARY_PATH": "/given"}
        with mock.patch.object(driver, "DRIVER_FOLDERS", folders + [os.path.join(BUILD, "simcuda")]), mock.patch.object(
            driver, "probe", side_effect=answers
        ):
            driver.find(self.kit)
        return folders

    def test_the_loaders_driver_comes_first(self):
        self.find([dict(NOTHING, library="/x", devices=[DEVICE])])
        self.assertEqual(self.kit.environment, {"LD_LIBRARY_PATH": "/given"})

    def test_a_driver_in_a_known_folder_is_found(self):
        folders = self.find([NOTHING, NOTHING, dict(NOTHING, devices=[DEVICE])])
        self.assertEqual(self.kit.environment["LD_LIBRARY_PATH"], folders[1] + ":/given")
        self.assertEqual(self.kit.probe["devices"], [DEVICE])

    def test_no_driver_anywhere_and_never_the_simulated_one(self):
        self.find([NOTHING, NOTHING, NOTHING])
        self.assertEqual((self.kit.probe, self.kit.environment), (NOTHING, {"LD_LIBRARY_PATH": "/given"}))
