# SPDX-License-Identifier: MIT
"""Clients: one entry makes a program of any kind measurable, cold and warmed; what does not run is said, and a library
that does not warm, or changes what a program prints, is found."""

import os
import sys
from unittest import mock

import client_run
import part_clients
import protocols
from budget import Budget
from clients import CLIENTS, Client
from support import HERE, KitCase, WrongCase

CLIENT_FOLDER = os.path.join(HERE, "..", "clients")
DRIVER = CLIENTS[0]
SCRIPT = f"""
import sys
sys.path.insert(0, {os.path.abspath(CLIENT_FOLDER)!r})
import gpuclient
class Number(float):
    shape = ()
    def max(self): return self
    def __sub__(self, other): return Number(float(self) - other)
    def __abs__(self): return Number(abs(float(self)))
gpuclient.measure(lambda: Number(2), lambda: Number(%s), setup=lambda: None, versions=lambda: {{"Made-up": "1.0"}})
"""


class Clients(KitCase):
    def run_part(self, *clients):
        result = {}
        with mock.patch.object(part_clients, "CLIENTS", clients):
            part_clients.run(self.kit, result)
        return result

    def test_a_program_cold_and_warmed(self):
        result = self.run_part(DRIVER)
        client = result["clients"]["driver"]
        self.assertEqual(
            (client["pairs"], client["auto"], client["same_output"], client["problem"]), (2, "warm", True, None)
        )
        for kind in ("cold", "warm"):
            for field in ("first", "second", "steady", "to_first"):
                self.assertEqual((client[kind][field]["n"], client[kind][field]["simulated"]), (2, True))
        self.assertEqual(set(client["warm_up"]["stages"]), {"driver", "context", "kernel", "memory"})
        self.assertEqual(client["ratio"]["first"]["n"], 2)
        self.assertEqual(result["failures"], [])

    def test_the_order_of_a_pair_changes_from_round_to_round(self):
        asked = []
        state = part_clients.State(DRIVER, 2)
        with mock.patch.object(client_run, "run_once", side_effect=lambda kit, client, library: asked.append(library)):
            part_clients.one_round(self.kit, state, 0)
            part_clients.one_round(self.kit, state, 1)
        self.assertEqual(asked, [None, "load", "load", None])

    def test_an_http_service_is_one_entry(self):
        http = Client(
            "http",
            "Python's server",
            ("{python}", "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", self.folder),
            ready=r"port (\d+)",
            request=protocols.http_get,
            kind="service",
        )
        client = self.run_part(http)["clients"]["http"]
        self.assertEqual((client["pairs"], client["problem"]), (2, None))

    def test_a_client_in_python(self):
        python = Client("python", "a script", ("{python}", "-B", self.write("client.py", SCRIPT % 2)))
        client = self.run_part(python)["clients"]["python"]
        self.assertEqual((client["pairs"], client["values"]), (2, {"right": "yes"}))
        self.assertEqual(client["versions"], {"Made-up": "1.0"})
        self.assertIsNotNone(client["cold"]["setup"])

    def test_a_wrong_answer_is_a_failure(self):
        python = Client("python", "a script", ("{python}", "-B", self.write("client.py", SCRIPT % 3)))
        self.assertIn("its answer is wrong", self.run_part(python)["failures"][0])

    def test_the_examples(self):
        found = self.run_part(*CLIENTS[1:3])["clients"]
        self.assertEqual([client["problem"] for client in found.values()], [None, None])
        self.assertIsNone(found["example"]["cold"]["to_first"])
        self.assertIsNotNone(found["server"]["cold"]["to_first"])

    def test_what_is_not_there_is_skipped_with_its_reason(self):
        missing = [
            Client("a", "A", ("{python}",), ("python:no_such_module",)),
            Client("b", "B", ("{python}",), ("gpu",)),
        ]
        self.assertEqual(
            self.run_part(*missing)["skipped"],
            [
                {"what": "A", "why": "no no_such_module in " + os.path.basename(sys.executable)},
                {"what": "B", "why": "the simulated driver cannot run it"},
            ],
        )

    def test_no_nvcc(self):
        with mock.patch("machine.tool", return_value=None):
            self.assertEqual(client_run.lacking(self.kit, ("nvcc",)), "no nvcc")

    def test_what_does_not_run_without_the_library_either_is_skipped_if_it_needs_more_than_we_have(self):
        broken = Client("broken", "Broken", ("{python}", "-c", "raise SystemExit('no GPU for me')"), ("python:sys",))
        result = self.run_part(broken)
        self.assertIn("without the library either", result["skipped"][0]["why"])
        self.assertIn("no GPU for me", result["skipped"][0]["why"])
        self.assertEqual(result["failures"], [])

    def test_and_is_a_failure_if_it_needs_nothing(self):
        self.kit.environment["SIMCUDA_FAULT"] = "cuMemAlloc_v2=2"
        result = self.run_part(DRIVER)
        self.assertIn("driver, not warmed", result["failures"][0])
        self.assertEqual(result["clients"], {})

    def test_one_that_is_warmed_in_part_is_measured_and_that_is_said(self):
        self.kit.environment["SIMCUDA_FAULT"] = "cuMemHostAlloc=2"
        result = self.run_part(DRIVER)
        self.assertEqual(result["clients"]["driver"]["pairs"], 2)
        self.assertIn("driver: warmed in part: memory", result["failures"][0])

    def test_a_client_that_says_that_it_cannot_run(self):
        client = Client("s", "S", ("/bin/echo", "gpuclient skip made without CUDA"))
        self.assertEqual(self.run_part(client)["skipped"], [{"what": "S", "why": "made without CUDA"}])

    def test_a_service_that_does_not_start(self):
        service = Client("s", "S", ("/bin/false",), ready="x (.*)", request=protocols.tcp)
        self.assertIn("did not say that it listens", self.run_part(service)["failures"][0])

    def test_a_service_that_does_not_answer(self):
        script = (
            "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); "
            "print('on', s.getsockname()[1], flush=True); s.accept()[0].close()"
        )
        service = Client("s", "S", ("{python}", "-c", script), ready=r"on (\d+)", request=protocols.tcp)
        self.assertIn("no answer", self.run_part(service)["failures"][0])

    def test_a_service_that_never_answers(self):
        script = (
            "import socket, time; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); "
            "print('on', s.getsockname()[1], flush=True); time.sleep(1000)"
        )
        service = Client("s", "S", ("{python}", "-c", script), ready=r"on (\d+)", request=protocols.tcp, seconds=5)
        self.assertIn("no answer", self.run_part(service)["failures"][0])

    def test_without_time_what_there_is_is_given(self):
        self.kit.budget = Budget(0)
        result = self.run_part(DRIVER)
        self.assertEqual((result["cut"], result["clients"], result["failures"]), ("the time was up", {}, []))

    def test_rounds_stop_when_there_is_no_time_for_another(self):
        state = part_clients.State(DRIVER, 9)
        state.round_seconds = 10
        self.assertTrue(state.wants(14))
        self.assertFalse(state.wants(12))

    def test_every_entry_of_the_table_can_be_read(self):
        self.assertEqual(len({client.name for client in CLIENTS}), len(CLIENTS))
        for client in CLIENTS:
            self.assertIn(client.kind, self.kit.counts)
            self.assertIn(client.output, client_run.KINDS)
            self.assertEqual(bool(client.ready), client.request is not None)
            for word in client_run.command(self.kit, client):
                if word.endswith(".py"):
                    self.assertTrue(os.path.exists(word), word)


class WarmsNothing(WrongCase):
    wrong = "WARMS_NOTHING"

    def test_a_client_that_was_not_warmed_is_a_failure(self):
        result = {}
        with mock.patch.object(part_clients, "CLIENTS", CLIENTS[:1]):
            part_clients.run(self.kit, result)
        self.assertIn("under the library: not warmed", result["failures"][0])
        self.assertEqual(result["clients"]["driver"]["pairs"], 0)


class Prints(WrongCase):
    wrong = "PRINTS"

    def test_another_output_is_a_failure(self):
        result = {}
        with mock.patch.object(part_clients, "CLIENTS", CLIENTS[:1]):
            part_clients.run(self.kit, result)
        self.assertIn("its output is not the same", result["failures"][0])
