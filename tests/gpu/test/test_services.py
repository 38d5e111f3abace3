# SPDX-License-Identifier: MIT
"""The part `services`: services are measured in every variant and their answers compared, and one that answers
differently, wrongly, late or never is found; a library that does not warm, or warms when it is off, too."""

import os
import subprocess
import unittest
from unittest import mock

import client_run
import goals
import part_services
import rounds
import service_run
from budget import Budget
from services import SERVICES, VARIANTS, Service
from support import KitCase, WrongCase

STANDINS = [service for service in SERVICES if service.simulated]
# A service on http.server that answers / with ANSWER and /expected with EXPECTED, expressions in Python that know
# `asked`, how often / was asked for before, and `libraries`, whether that stage is asked of the library.
SCRIPT = """
import ctypes, http.server, json, os, time
driver = ctypes.CDLL("libcuda.so.1")
libraries, asked = os.environ.get("GPUWARM_STAGES") == "all", 0
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        body = {"/": lambda: ANSWER, "/ready": lambda: 1, "/expected": lambda: EXPECTED, "/versions": dict}[self.path]()
        asked += self.path == "/"
        self.send_response(STATUS)
        self.end_headers()
        self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())
    def log_message(self, *arguments):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(f"listening on 127.0.0.1:{server.server_port} with a test", flush=True)
server.serve_forever()
"""


class ServicesCase(KitCase):
    def service(self, answer="[1.0]", expected="[1.0]", status="200", seconds=30):
        script = SCRIPT.replace("ANSWER", answer).replace("EXPECTED", expected).replace("STATUS", status)
        return Service("s", "S", ("{python}", "-B", self.write("service.py", script)), seconds=seconds, simulated=True)

    def run_part(self, *services):
        result = {}
        with mock.patch.object(part_services, "SERVICES", services):
            part_services.run(self.kit, result)
        return result


class Services(ServicesCase):
    def test_the_stand_ins_in_every_variant(self):
        result = self.run_part(*STANDINS)
        self.assertEqual(result["failures"], [])
        self.assertEqual(set(result["services"]), {"standin", "standin-model"})
        for service in result["services"].values():
            self.assertEqual((service["rounds"], service["answers"], service["requests"]), (2, "the same", 22))
            self.assertEqual(set(service["variants"]), set(VARIANTS))
            for name, variant in service["variants"].items():
                for field in part_services.FIELDS + ("over",):
                    self.assertEqual((variant[field]["n"], variant[field]["simulated"]), (2, True))
                self.assertEqual(variant["warm_up"] is None, name == "cold")
                self.assertGreater(variant["to_first"]["median"], variant["to_ready"]["median"])

    def test_the_server_that_it_runs_on_is_said(self):
        installed = client_run.lacking(self.kit, ("python:uvicorn",)) is None
        server = service_run.run_once(self.kit, STANDINS[0], "cold")["server"]
        self.assertTrue(server.startswith("uvicorn " if installed else "Python's http.server "), server)

    def test_under_uvicorn(self):
        python = "/usr/bin/python3"
        if subprocess.run([python, "-c", "import uvicorn"], check=False, stderr=subprocess.DEVNULL).returncode:
            self.skipTest("no uvicorn in " + python)
        service = STANDINS[0]._replace(command=(python,) + STANDINS[0].command[1:])
        sample = service_run.run_once(self.kit, service, "serve")
        self.assertTrue(sample["server"].startswith("uvicorn "), sample)
        self.assertIn("driver", sample["warm_up"]["stages"])

    def test_a_probe_is_not_answered_before_the_service_is_warmed(self):
        self.kit.environment["SIMCUDA_LATENCY_MS"] = "cuInit=2000"
        sample = service_run.run_once(self.kit, STANDINS[0], "serve")
        self.assertGreater(sample["to_ready"], 2000)
        self.assertLess(sample["first"], 2000)

    def test_a_probe_does_not_use_the_gpu(self):
        self.kit.environment["SIMCUDA_LATENCY_MS"] = "cuInit=2000"
        sample = service_run.run_once(self.kit, STANDINS[0], "cold")
        self.assertGreater(sample["first"], 2000)

    def test_each_variant_comes_first_as_often_as_the_others(self):
        asked = []
        with mock.patch.object(
            service_run, "run_once", side_effect=lambda kit, service, variant: asked.append(variant)
        ):
            state = part_services.State(STANDINS[0], 3)
            for number in range(3):
                part_services.one_round(self.kit, state, number)
        self.assertEqual(len(asked), 9)
        self.assertEqual({asked[0], asked[3], asked[6]}, set(VARIANTS))

    def test_what_needs_a_gpu_is_skipped_with_its_reason(self):
        result = self.run_part(*SERVICES[:4])
        self.assertEqual({entry["why"] for entry in result["skipped"]}, {"the simulated driver cannot run it"})
        self.assertEqual((result["services"], result["failures"]), ({}, []))

    def test_without_pytorch_they_are_skipped_with_that_reason(self):
        self.kit.simulated = False
        with mock.patch.object(self.kit, "run") as run:
            run.return_value.status = 1
            skipped = self.run_part(*SERVICES)["skipped"]
        self.assertEqual(len(skipped), 4)
        self.assertIn("no torch in", skipped[0]["why"])

    def test_a_stand_in_is_not_measured_on_a_gpu(self):
        self.kit.simulated = False
        self.assertEqual(self.run_part(*STANDINS)["services"], {})

    def test_one_that_says_that_it_cannot_run_is_skipped(self):
        service = Service("s", "S", ("/bin/echo", "gpuclient skip made without CUDA"), simulated=True)
        self.assertEqual(self.run_part(service)["skipped"], [{"what": "service: S", "why": "made without CUDA"}])

    def test_every_entry_of_the_table_can_be_read(self):
        self.assertEqual(len({service.name for service in SERVICES}), len(SERVICES))
        for service in SERVICES:
            for word in client_run.command(self.kit, service):
                if word.endswith((".py", ".so")):
                    self.assertTrue(os.path.exists(word), word)

    def test_without_time_what_there_is_is_given(self):
        self.kit.budget = Budget(0)
        result = self.run_part(*STANDINS)
        self.assertEqual((result["cut"], result["services"], result["failures"]), ("the time was up", {}, []))

    def test_the_order_turns(self):
        self.assertEqual(
            [rounds.turned("abc", number) for number in (0, 1, 5)], [list("abc"), list("bca"), list("cab")]
        )


class Faults(ServicesCase):
    def setUp(self):
        super().setUp()
        self.kit.counts["services"] = 1

    def failure(self, service):
        failures = self.run_part(service)["failures"]
        self.assertEqual(len(failures), 1, failures)
        return failures[0]

    def test_a_service_that_answers_differently_when_it_is_warmed(self):
        found = self.failure(self.service(answer="[2.0 + libraries]", expected="[2.0 + libraries]"))
        self.assertEqual(found, "s: its answers are not the same in every variant")

    def test_a_service_whose_answers_differ_by_rounding_only(self):
        result = self.run_part(self.service(answer="[2.0 + libraries / 1000]", expected="[2.0]"))
        self.assertEqual((result["failures"], result["services"]["s"]["answers"]), ([], "the same up to rounding"))

    def test_a_service_that_answers_wrongly(self):
        self.assertIn("its answer is wrong", self.failure(self.service(answer="[2.0]")))

    def test_a_service_that_answers_wrongly_once(self):
        self.assertIn("its answer is wrong", self.failure(self.service(answer="[1.0 + (asked == 9)]")))

    def test_a_service_that_answers_something_else(self):
        self.assertIn("not JSON", self.failure(self.service(answer="b'hello'")))

    def test_a_service_that_answers_with_an_error(self):
        self.assertIn("no answer: answered 500", self.failure(self.service(status="500")))

    def test_a_service_that_never_answers_is_cut_and_nothing_is_left_of_it(self):
        started, start = [], self.kit.start
        with mock.patch.object(self.kit, "start", side_effect=lambda *a: started.append(start(*a)) or started[-1]):
            self.assertIn("no answer", self.failure(self.service(answer="time.sleep(1000)", seconds=12)))
        for process in started:
            self.assertRaises(ProcessLookupError, os.kill, process.pid, 0)

    def test_a_service_that_never_answers_when_it_is_warmed(self):
        found = self.failure(self.service(answer="libraries and time.sleep(1000) or [1.0]", seconds=12))
        self.assertIn("libraries: no answer", found)

    def test_a_service_that_ends(self):
        self.assertIn("no answer", self.failure(self.service(answer="os._exit(1)")))

    def test_a_service_that_does_not_start(self):
        found = self.failure(Service("s", "S", ("/bin/sh", "-c", "echo no model >&2; exit 1"), simulated=True))
        self.assertIn("did not say that it listens; no model", found)


class Staged(ServicesCase, WrongCase):
    wrong = "STAGED"

    def judged(self, answer):
        self.kit.counts["services"] = 1
        with mock.patch.object(service_run, "LATER", 3):
            report = {"simulated": True, "parts": {"services": self.run_part(self.service(answer))}}
        return goals.judge_requests(report)[0]

    def test_a_first_request_slower_than_the_goal(self):
        goal = self.judged("time.sleep(0 if asked else 2) or [1.0]")
        self.assertIs(goal["reached"], False)
        for words in ("ms SIMULATED too long", "without `libraries`", "libraries: cuBLAS 5.00 ms SIMULATED"):
            self.assertIn(words, goal["text"])

    def test_a_first_request_as_fast_as_the_later_ones(self):
        goal = self.judged("time.sleep(0 if asked == 0 else 0.3) or [1.0]")
        self.assertIs(goal["reached"], True, goal)


class WarmsNothing(ServicesCase, WrongCase):
    wrong = "WARMS_NOTHING"

    def test_a_service_that_was_not_warmed_is_a_failure(self):
        self.assertIn("serve: not warmed: the library left no report", self.run_part(STANDINS[0])["failures"][0])


class WarmsAlways(ServicesCase, WrongCase):
    wrong = "KEEPS_MEMORY"

    def test_a_service_that_was_warmed_with_the_trigger_off_is_a_failure(self):
        self.assertIn("it was warmed, with GPUWARM_TRIGGER=off", self.run_part(STANDINS[0])["failures"][0])


class Close(unittest.TestCase):
    def test_up_to_rounding(self):
        self.assertTrue(service_run.close([100.0, 1.0], [101.0, 2.0]))
        self.assertFalse(service_run.close([100.0, 1.0], [101.0, 4.0]))

    def test_another_shape_is_not_the_same(self):
        self.assertFalse(service_run.close([1.0], [1.0, 1.0]))
        self.assertFalse(service_run.close({"error": 1}, [1.0]))
