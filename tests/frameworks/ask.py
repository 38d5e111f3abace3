# SPDX-License-Identifier: MIT
"""Asks a framework until each of its workers has answered. An answer is a line of gpu.answer() (tests/servers/gpu.py):
the process that used the GPU, when, and what each call gave."""

import collections
import concurrent.futures
import http.client
import socket
import subprocess
import time

SECONDS = 60
ANSWERS_LEAST, ANSWERS_MAX, AT_ONCE = 12, 400, 4
Answer = collections.namedtuple("Answer", "ms pid text")


class LocalConnection(http.client.HTTPConnection):
    """HTTP over a local socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=SECONDS)
        self.local = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(SECONDS)
        self.sock.connect(self.local)


def answer_of(ms, line):
    pid, _, text = line.strip().split(" ", 2)
    return Answer(ms, int(pid), text)


def ask_http(address, path):
    """One request over a connection of its own; `address` is a port or the path of a local socket."""
    connection = (LocalConnection(address) if isinstance(address, str)
                  else http.client.HTTPConnection("127.0.0.1", address, timeout=SECONDS))
    began = time.monotonic()
    method, _, path = path.partition(" ")
    try:
        connection.request(method, path, body=b"{}" if method == "POST" else None,
                           headers={"Content-Type": "application/json"} if method == "POST" else {})
        response = connection.getresponse()
        body = response.read().decode()
    finally:
        connection.close()
    ms = (time.monotonic() - began) * 1000
    if response.status != 200:
        raise ValueError(f"status {response.status}: {body[:200]}")
    # Some frameworks answer in JSON whatever the handler gives.
    return answer_of(ms, body.strip().strip('"').replace("\\n", "\n").splitlines()[0])


def ask_all(address, path, workers):
    """The first request alone, then several at once until all `workers` processes have answered, or ANSWERS_MAX."""
    answers = [ask_http(address, path)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as clients:
        while len(answers) < ANSWERS_LEAST or len({one.pid for one in answers}) < workers:
            if len(answers) > ANSWERS_MAX:
                break
            answers += clients.map(lambda _: ask_http(address, path), range(AT_ONCE))
    return answers


def ask_program(command, env, cwd):
    """A client of the framework's own kind: prints lines of MS and an answer."""
    ran = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=2 * SECONDS, check=False)
    if ran.returncode != 0:
        raise ValueError(f"the client ended with {ran.returncode}: {ran.stderr[-400:]}")
    return [answer_of(float(line.split(" ", 1)[0]), line.split(" ", 1)[1]) for line in ran.stdout.splitlines()]
