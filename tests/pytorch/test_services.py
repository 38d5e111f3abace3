# SPDX-License-Identifier: MIT
"""The service of examples/pytorch as its README starts it: each process that answers is warmed once, before its first
request's first CUDA call and on its first thread; the process that only starts them is not."""

import collections
import concurrent.futures
import json
import socket
import time
import urllib.error
import urllib.request

from program import ROOT, SECONDS, ProgramCase, Ran

AT_ONCE, ANSWERS, ANSWERS_MAX = 4, 12, 400
SERVICE = f"{ROOT}/examples/pytorch"
GUNICORN = ("-m", "gunicorn", "-b", "127.0.0.1:{port}", "--workers", "2")
UVICORN = ("-m", "uvicorn", "service:app", "--port", "{port}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port):
    """The process that answered; None while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=SECONDS) as response:
            return json.load(response)["pid"]
    except urllib.error.URLError as problem:
        if isinstance(problem.reason, ConnectionRefusedError):
            return None
        raise


class Services(ProgramCase):
    def ask_all(self, port, process, workers):
        """Several at once, until every worker has answered: who did, and how often."""
        answered, until = collections.Counter(), time.monotonic() + SECONDS
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as clients:
            while len(answered) < workers or answered.total() < ANSWERS:
                self.assertIsNone(process.poll(), "it has ended")
                self.assertLess(time.monotonic(), until, f"answered: {answered}")
                self.assertLess(answered.total(), ANSWERS_MAX, f"answered: {answered}")
                pids = [pid for pid in clients.map(ask, [port] * AT_ONCE) if pid]
                answered.update(pids)
                if not pids:
                    time.sleep(0.05)
        return answered

    def serve(self, command, workers, preload, **settings):
        port = free_port()
        settings = {"PYTHONPATH": SERVICE, **settings}
        process, folder = self.start([word.format(port=port) for word in command], preload, settings)
        answered = self.ask_all(port, process, workers)
        process.terminate()
        ran = Ran(process.wait(SECONDS), folder)
        self.assertNotIn("gpuwarm[", ran.out + ran.err)
        self.assertNotIn(process.pid if workers > 1 else 0, answered, "the master answers nobody")
        return ran, answered

    def check(self, command, workers):
        cold, answered = self.serve(command, workers, preload=False)
        self.assertEqual(len(answered), workers)
        self.assertEqual(cold.warm_ups(), {})
        warm, answered = self.serve(command, workers, preload=True)
        self.assertEqual(warm.status, cold.status, warm.err)
        self.assertEqual(warm.warm_ups(), dict.fromkeys(answered, 1))
        self.assertEqual({call.pid for call in warm.calls}, set(answered), "nobody else called the driver")
        for pid in answered:
            calls = [call for call in warm.calls if call.pid == pid]
            # The CUDA runtime asks for this at PyTorch's first use of it, and the library never.
            first_use = [call.function for call in calls].index("cuGetExportTable")
            warming = [call for call in calls[:first_use] if call.tid == pid]
            self.assertIn("gpuwarm_kernel", " ".join(call.detail for call in warming))
            self.assertEqual((warm.reports[pid]["result"], warm.reports[pid]["trigger"]), ("warm", "serve"))

    def test_http_server(self):
        self.check((f"{SERVICE}/service.py", "{port}"), 1)

    def test_uvicorn(self):
        self.check(UVICORN, 1)

    def test_uvicorn_workers(self):
        self.check((*UVICORN, "--workers", "2"), 2)

    def test_gunicorn(self):
        self.check((*GUNICORN, "service:application"), 2)

    def test_gunicorn_preload(self):
        self.check((*GUNICORN, "--preload", "service:application"), 2)

    def test_gunicorn_threads(self):
        self.check((*GUNICORN, "--threads", "2", "service:application"), 2)

    def test_gunicorn_with_uvicorn_workers(self):
        self.check((*GUNICORN, "-k", "uvicorn.workers.UvicornWorker", "service:app"), 2)

    def test_gunicorn_with_uvicorn_workers_preload(self):
        self.check((*GUNICORN, "-k", "uvicorn.workers.UvicornWorker", "--preload", "service:app"), 2)

    def test_the_kill_switch(self):
        ran, answered = self.serve((*GUNICORN, "service:application"), 2, preload=True, GPUWARM_TRIGGER="off")
        self.assertEqual((len(answered), ran.warm_ups()), (2, {}))

    def test_one_that_imports_it_in_its_first_request(self):
        ran, _ = self.run_both("serves.py", "lazy")
        self.assert_warmed_once(ran)
