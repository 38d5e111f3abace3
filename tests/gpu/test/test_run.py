# SPDX-License-Identifier: MIT
"""Whole runs of gpu_test.py, as a person starts it: the report is always there, the exit status says what happened, and
without a GPU nothing is measured, whatever libcuda.so.1 lies about."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from support import BUILD, ROOT

SMALL = ["--count", "deaths=4", "--count", "split=2", "--count", "driver=1", "--count", "service=1", "--seed", "7"]
SMALL += ["--count", "services=1", "--count", "library=1", "--count", "prefetch=1"]


def figures_in(value):
    """Every figure in a report."""
    if isinstance(value, dict):
        if "median" in value:
            return [value]
        value = list(value.values())
    return [figure for item in value for figure in figures_in(item)] if isinstance(value, list) else []


class Runs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gpuwarm-run-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.output = os.path.join(self.folder, "out")

    def start(self, *arguments, **environment):
        environment = dict(os.environ, **environment)
        argv = [
            sys.executable,
            "-B",
            os.path.join(ROOT, "tests/gpu/gpu_test.py"),
            "--build",
            BUILD,
            "--output",
            self.output,
        ]
        return subprocess.Popen(
            argv + list(arguments), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def run_kit(self, *arguments, **environment):
        process = self.start(*arguments, **environment)
        said = process.communicate(timeout=400)[0]
        with open(os.path.join(self.output, "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        with open(os.path.join(self.output, "report.md"), encoding="utf-8") as file:
            return process.returncode, report, file.read(), said

    def test_everything_on_the_simulated_driver(self):
        status, report, text, said = self.run_kit("--simulated", *SMALL)
        self.assertEqual(status, 0, said)
        self.assertEqual(
            {name: part["result"] for name, part in report["parts"].items()},
            {part: "ok" for part in ("split", "safety", "clients", "services", "libraries")},
            said,
        )
        self.assertEqual((report["label"], report["simulated"], report["seed"]), ("SIMULATED", True, 7))
        found = figures_in(report["parts"])
        self.assertGreater(len(found), 100)
        self.assertTrue(all(figure["simulated"] for figure in found))
        self.assertIn("**SIMULATED: every figure here", text)
        self.assertIn("hosts/memory", [goal["of"] for goal in report["goals"] if goal["reached"]])
        self.assertIn("PyTorch matmul", [entry["what"] for entry in report["parts"]["clients"]["skipped"]])
        self.assertEqual(set(report["parts"]["services"]["services"]), {"standin", "standin-model"})
        self.assertEqual(set(report["parts"]["libraries"]["entries"]), {"cublas", "cudnn", "prefetch-driver"})
        self.assertIn("## What the stages `libraries` and `prefetch` save", text)
        self.assertIn("[", said.splitlines()[0])
        self.assertFalse(os.path.exists(os.path.join(self.output, "scratch")))

    def test_the_split_has_every_call_of_the_warm_up(self):
        _, report, text, _ = self.run_kit("--simulated", "split", *SMALL)
        self.assertEqual(list(report["parts"]), ["split"])
        cold = report["parts"]["split"]["variants"]["cold"]
        calls = [call["call"] for call in cold["calls"]]
        for call in (
            "dlopen",
            "cuInit",
            "cuDevicePrimaryCtxRetain",
            "cuModuleLoadDataEx",
            "cuLaunchKernel",
            "cuMemAlloc_v2",
            "cuMemHostAlloc",
            "cuMemcpyHtoD_v2",
            "cuMemcpyDtoH_v2",
            "cuMemcpyHtoDAsync_v2",
            "cuMemcpyDtoHAsync_v2",
        ):
            self.assertIn(call, calls)
        self.assertEqual(cold["processes"], 2)
        self.assertIn("fewer than the 7", text)
        rows = [row["row"] for row in cold["rows"]]
        self.assertEqual(rows[-2:], ["other calls", "between the calls"])

    def test_a_part_that_fails_does_not_take_the_others_with_it(self):
        status, report, text, said = self.run_kit(
            "--simulated", "split", "safety", *SMALL, SIMCUDA_FAULT="cuMemcpyDtoHAsync_v2=719"
        )
        self.assertEqual(status, 1, said)
        self.assertEqual(report["parts"]["split"]["result"], "failed")
        self.assertIn("cuMemcpyDtoHAsync_v2", report["parts"]["split"]["error"])
        self.assertIn("current context", report["parts"]["safety"]["checks"])
        self.assertIn("part split", text)
        with open(os.path.join(self.output, "log.txt"), encoding="utf-8") as log:
            self.assertIn("gpuwarm-bench", log.read())

    def test_a_driver_that_hangs_is_cut(self):
        status, report, _, said = self.run_kit(
            "--simulated", "split", "--seconds", "12", *SMALL, SIMCUDA_FAULT="cuLaunchKernel=hang"
        )
        self.assertEqual(status, 1, said)
        self.assertIn(report["parts"]["split"]["result"], ("failed", "cut"))

    def test_without_a_gpu(self):
        environment = {"LD_LIBRARY_PATH": ""}
        status, report, text, said = self.run_kit(*SMALL, **environment)
        if status == 0 or report["machine"]:
            self.skipTest("there is a GPU here")
        self.assertEqual(status, 77, said)
        self.assertIn("no GPU here", said)
        self.assertIn("Nothing was measured", text)
        self.assertEqual(report["parts"], {})

    def test_the_simulated_driver_is_never_taken_for_a_gpu(self):
        folder = os.path.join(self.folder, "lib64")
        os.mkdir(folder)
        shutil.copy(os.path.join(BUILD, "simcuda", "libcuda.so.1"), folder)
        status, report, _, said = self.run_kit(*SMALL, LD_LIBRARY_PATH=folder)
        self.assertEqual(status, 77, said)
        self.assertIn("is the simulated driver", report["no_gpu"])

    def test_an_interrupted_run_leaves_its_report(self):
        process = self.start("--simulated", "split", "safety", "--count", "deaths=3000", "--count", "split=2")
        for line in process.stdout:
            if "safety: current context: ok" in line:
                process.send_signal(signal.SIGTERM)
                break
        process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130)
        with open(os.path.join(self.output, "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        self.assertIn("interrupted", report["failures"][0])
        self.assertEqual(
            {name: part["result"] for name, part in report["parts"].items()}, {"split": "ok", "safety": "cut"}
        )

    def test_an_unknown_part_is_refused(self):
        process = self.start("nonsense")
        self.assertIn("no part nonsense", process.communicate(timeout=60)[0])
        self.assertEqual(process.returncode, 2)
