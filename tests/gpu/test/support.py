# SPDX-License-Identifier: MIT
"""What the tests of the kit share: a kit on the simulated driver in a folder of the test's own, a library that is wrong
in a way that a check must find, and a report that was never measured."""

import contextlib
import io
import os
import shutil
import subprocess
import tempfile
import unittest

import driver
from budget import Budget
from figures import figure, ratio
from kit import Kit

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", "..", ".."))
BUILD = os.environ.get("GPUWARM_TEST_BUILD") or os.path.join(ROOT, "build")


class KitCase(unittest.TestCase):
    """A test with a kit on the simulated driver; what the kit says is kept from the terminal."""

    build = BUILD

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="gpuwarm-kit-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        environment = driver.simulated_environment(os.environ, self.build, self.folder, "cuInit=1")
        self.kit = Kit(self.build, self.folder, True, environment, 7)
        self.kit.budget = Budget(120)
        silence = contextlib.redirect_stdout(io.StringIO())
        silence.__enter__()
        self.addCleanup(silence.__exit__, None, None, None)

    def write(self, name, text, mode=0o755):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path


class WrongCase(KitCase):
    """A test with a libgpuwarm.so that is wrong: `wrong` is a name in wrong_library.c."""

    wrong = ""

    def setUp(self):
        super().setUp()
        build = os.path.join(self.folder, "build")
        os.mkdir(build)
        for name in ("gpu", "examples", "simcuda"):
            os.symlink(os.path.join(BUILD, name), os.path.join(build, name))
        subprocess.run(
            [
                os.environ.get("CC", "cc"),
                "-shared",
                "-fPIC",
                f"-D{self.wrong}",
                "-I",
                os.path.join(ROOT, "shim"),
                "-o",
                os.path.join(build, "libgpuwarm.so"),
                os.path.join(HERE, "wrong_library.c"),
            ],
            check=True,
        )
        self.kit.build = build


def of(*values, simulated=False, unit="ms"):
    return figure(values, simulated, unit)


def client_summary(simulated=False, **changes):
    """A client as part_clients gives it: cold first 300 ms, warmed first 1.2, steady 1.0."""
    cold = {
        "first": of(300, 310, simulated=simulated),
        "second": of(1.1, simulated=simulated),
        "steady": of(1.0, simulated=simulated),
        "setup": None,
        "to_first": of(320, 322, simulated=simulated),
    }
    warm = dict(cold, first=of(1.2, 1.3, simulated=simulated), to_first=of(321, 323, simulated=simulated))
    given = {
        "title": "a client",
        "kind": "driver",
        "pairs": 2,
        "auto": "warm",
        "problem": None,
        "values": {},
        "versions": {"PyTorch": "2.9"},
        "same_output": True,
        "first_ever": of(900, simulated=simulated),
        "cold": cold,
        "warm": warm,
        "ratio": {
            "first": ratio([300, 310], [1.2, 1.3], simulated),
            "to_first": ratio([320, 322], [321, 323], simulated),
        },
        "warm_up": {
            "total": of(298, simulated=simulated),
            "stages": {"driver": of(200, simulated=simulated), "context": of(98, simulated=simulated)},
        },
    }
    given.update(changes)
    return given


def split_variant(simulated=False, processes=9):
    call = {"call": "cuInit", "nth": 1, "first": of(180, simulated=simulated), "again": of(0.001, simulated=simulated)}
    row = {"row": "cuInit", "first": call["first"], "again": call["again"]}
    return {
        "processes": processes,
        "rows": [row],
        "calls": [call],
        "first": of(400, simulated=simulated),
        "again": of(1, simulated=simulated),
        "to_main": of(1, simulated=simulated),
        "exit": of(30, simulated=simulated),
        "stages": {},
    }


def service_summary(simulated=False, first=1.4, **changes):
    """A service as part_services gives it: later requests 1 ms, the first with libraries `first`."""

    def variant(first, stages):
        ms = {"second": 1.1, "later": 1.0, "to_ready": 2000, "to_first": 2000 + first}
        stages = {name: of(cost, simulated=simulated) for name, cost in stages.items()}
        figures = {field: of(value, value, simulated=simulated) for field, value in ms.items()}
        total = of(300, simulated=simulated)
        return dict(
            figures,
            first=of(first, first, simulated=simulated),
            over=of(first, first, simulated=simulated, unit="ratio"),
            warm_up={"total": total, "stages": stages} if stages else None,
        )

    given = {
        "title": "a service",
        "rounds": 2,
        "problem": None,
        "server": "uvicorn 0.30.1",
        "versions": {"PyTorch": "2.9"},
        "answers": "the same",
        "requests": 22,
        "first_ever": of(900, simulated=simulated),
        "variants": {
            "cold": variant(400, {}),
            "serve": variant(60, {"driver": 200}),
            "libraries": variant(first, {"driver": 200, "libraries": 50, "libraries: cuBLAS": 40}),
        },
    }
    given.update(changes)
    return given


def entry_summary(simulated=False, shown=True):
    """An entry as part_libraries gives it."""
    found = {
        "arms": {arm: of(60, 62, simulated=simulated) for arm in ("cold", "without", "with")},
        "steady": of(1, simulated=simulated),
        "saved": of(40, 41, simulated=simulated),
        "start": of(1.0, simulated=simulated, unit="ratio"),
        "cost": {"libraries": of(9, simulated=simulated)},
    }
    return {
        "title": "cuBLAS, C",
        "stage": "libraries",
        "field": "first",
        "rounds": 2,
        "problem": None,
        "dropped": "everything, by drop_caches",
        "caches": {"dropped": found, "warm": found},
        "reading": {"of": "cuBLAS, C", "stage": "libraries", "shown": shown, "text": "as it is"},
    }


def sample_report(simulated=False):
    """A report in which every part has something."""
    check = {"result": "ok", "text": "as it should be", "data": {"beyond_mib": 0.0}}
    return {
        "format": 1,
        "simulated": simulated,
        "label": "SIMULATED" if simulated else "",
        "date": "2030-01-31",
        "command": "make gpu-test",
        "seed": 7,
        "limit_seconds": 480,
        "library": "0.1.0 (abc)",
        "versions": {},
        "machine": {
            "gpu": "NVIDIA H100 80GB HBM3",
            "driver": "580.1",
            "driver_cuda": "13.0",
            "memory_mib": 81559,
            "settings": {"persistence_mode": "Disabled"},
        },
        "parts": {
            "split": {
                "result": "ok",
                "seconds": 20,
                "least": 7,
                "first_on_machine": of(900, simulated=simulated),
                "variants": {name: split_variant(simulated) for name in ("cold", "no-cache", "warmed")},
            },
            "safety": {"result": "ok", "seconds": 60, "checks": {"GPU memory": check}},
            "clients": {
                "result": "ok",
                "seconds": 200,
                "clients": {"driver": client_summary(simulated)},
                "skipped": [{"what": "JAX matmul", "why": "no jax in python3"}],
                "failures": [],
            },
            "services": {
                "result": "ok",
                "seconds": 100,
                "least": 3,
                "services": {"matmul": service_summary(simulated)},
                "skipped": [{"what": "service: PyTorch resnet18", "why": "no torch in python3"}],
                "failures": [],
            },
            "libraries": {
                "result": "ok",
                "seconds": 60,
                "entries": {"cublas": entry_summary(simulated)},
                "skipped": [],
                "failures": [],
            },
        },
        "goals": [],
        "failures": [],
        "unset": [],
    }
