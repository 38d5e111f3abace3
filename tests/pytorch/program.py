# SPDX-License-Identifier: MIT
"""Running a program of PyTorch's Python with the library and without, each in a fresh environment, and looking at what
it did: what it wrote, what the simulated driver's journal has of it, and the library's reports. Only the program is
preloaded, never the test."""

import collections
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
SECONDS = 300
# Of a journal's line; the times are not looked at, lines are in order.
Call = collections.namedtuple("Call", "pid tid function detail")


class Ran:
    """A program and those that it started: `status` is its exit status."""

    def __init__(self, status, folder):
        self.status = status
        self.out, self.err = (read(f"{folder}/{name}") for name in ("out", "err"))
        self.calls = []
        for line in read(f"{folder}/journal").splitlines():
            _, pid, tid, function, _, _, detail = line.split("\t")
            self.calls.append(Call(int(pid), int(tid), function, detail))
        self.reports = {int(name): json.loads(read(f"{folder}/reports/{name}"))
                        for name in os.listdir(f"{folder}/reports")}

    def warm_ups(self):
        """For each process that was warmed, how often."""
        kernels = [call for call in self.calls if call.function == "cuLaunchKernel" and "gpuwarm_kernel" in call.detail]
        return dict(collections.Counter(call.pid for call in kernels))

    def functions(self):
        """Which functions of the driver were called, and how often."""
        return collections.Counter(call.function for call in self.calls)

    def device(self, pid):
        """The one device that this process was warmed on."""
        (device,) = self.reports[pid]["devices"]
        return device["ordinal"]


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def lines(text):
    """What does not differ from run to run: the processes write in any order, and have other numbers each time."""
    return sorted(re.sub(r"pid \d+", "pid N", text).splitlines())


class ProgramCase(unittest.TestCase):
    """A test of programs, each of which is run in a folder of its own."""

    build, python = os.environ.get("GPUWARM_TEST_BUILD", ""), os.environ.get("GPUWARM_TEST_PYTHON", "")

    def setUp(self):
        self.scratch = tempfile.mkdtemp(prefix="gpuwarm-pytorch-")
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)

    def environment(self, folder, preload, settings):
        for name in ("reports", "tmp", "home"):
            os.makedirs(f"{folder}/{name}")
        result = {
            "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": f"{folder}/home",
            "TMPDIR": f"{folder}/tmp", "LD_LIBRARY_PATH": f"{self.build}/simcuda", "PYTHONDONTWRITEBYTECODE": "1",
            # As many threads on every machine: sums are added up in another order where there are others.
            "OMP_NUM_THREADS": "2", "SIMCUDA_JOURNAL": f"{folder}/journal",
            "SIMCUDA_LATENCY_MS": "cuDevicePrimaryCtxRetain=100", "GPUWARM_REPORT": f"{folder}/reports/%p", **settings,
        }
        if preload:
            result["LD_PRELOAD"] = f"{self.build}/libgpuwarm.so"
        return result

    def start(self, command, preload, settings):
        """Starts the program in a session of its own, which ends with the test; its process and its folder."""
        folder = tempfile.mkdtemp(dir=self.scratch)
        environment = self.environment(folder, preload, settings)
        with open(f"{folder}/out", "wb") as out, open(f"{folder}/err", "wb") as err:
            process = subprocess.Popen([self.python, *command], env=environment, cwd=folder, stdin=subprocess.DEVNULL,
                                       stdout=out, stderr=err, start_new_session=True)
        self.addCleanup(end, process)
        return process, folder

    def run_program(self, command, preload=True, **settings):
        if command[0].endswith(".py"):
            command = [f"{HERE}/programs/{command[0]}", *command[1:]]
        process, folder = self.start(command, preload, settings)
        status = process.wait(SECONDS)
        return Ran(status, folder)

    def run_both(self, *command, **settings):
        """The program with the library, after it was seen to do what it does without."""
        without = self.run_program(command, preload=False, **settings)
        self.assertEqual(without.status, 0, without.err)
        self.assertEqual(without.warm_ups(), {})
        return self.run_as(without, command, **settings), without

    def run_as(self, without, command, **settings):
        with_it = self.run_program(command, **settings)
        self.assertEqual(with_it.status, without.status, with_it.err)
        self.assertEqual(lines(with_it.out), lines(without.out))
        self.assertEqual(lines(with_it.err), lines(without.err))
        self.assertTrue(with_it.reports, "the library was in none of its processes")
        return with_it

    def assert_left_alone(self, *command, **settings):
        """Nothing is warmed, and the driver is asked for nothing but what PyTorch asks for."""
        with_it, without = self.run_both(*command, **settings)
        self.assertEqual(with_it.warm_ups(), {})
        self.assertEqual(with_it.functions(), without.functions())
        for report in with_it.reports.values():
            self.assertIn(report["result"], ("waiting", "skipped"), report)  # skipped: once it has ended
        return with_it

    def assert_warmed_once(self, ran):
        """One process was warmed, once, and in no other was it tried."""
        self.assertEqual(list(ran.warm_ups().values()), [1])
        tried = [pid for pid, report in ran.reports.items() if report["trigger"]]
        self.assertEqual(tried, list(ran.warm_ups()))


def end(process):
    """Ends what a program has left behind: the group is ours even when its leader has ended."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
