# SPDX-License-Identifier: MIT
"""One framework, started once, with the library or without: it is left idle, and only then asked. See verdict.py for
what is made of it."""

import dataclasses
import os
import signal
import socket
import subprocess
import tempfile
import time

import ask
import journal
import processes

# Of make demo (examples/server/demo.c): published costs of real systems.
SIMULATED_COSTS = "cuInit=500,cuDevicePrimaryCtxRetain=325"
START_SECONDS, IDLE_SECONDS, STOP_SECONDS = 90, 30, 20
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))


@dataclasses.dataclass
class Run:
    """What a run did. `problem` is empty, or says why it could not be asked as it should have been. `warm_idle` were
    warmed before anybody connected, `warm_later` only then; `status` is the exit status after SIGTERM."""
    answers: list = dataclasses.field(default_factory=list)
    warm_idle: set = dataclasses.field(default_factory=set)
    warm_later: set = dataclasses.field(default_factory=set)
    status: object = None
    problem: str = ""
    output: str = ""
    log: str = ""

    @property
    def first_ms(self):
        return self.answers[0].ms if self.answers else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Place:
    """The words of a command: {port}, {scratch}, {bin} (the environment's programs) and others, and the environment."""

    def __init__(self, row, build, venv, scratch):
        self.port, self.scratch = free_port(), scratch
        self.words = {"port": str(self.port), "port2": str(free_port()),
                      "port3": str(free_port()), "scratch": scratch, "build": build,
                      "root": ROOT, "apps": f"{HERE}/apps", "venv": venv or "/usr", "bin": f"{venv or '/usr'}/bin"}
        self.env = {
            "PATH": f"{self.words['bin']}:/usr/local/bin:/usr/bin:/bin", "HOME": scratch, "TMPDIR": scratch,
            "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": f"{HERE}/apps:{ROOT}/tests/servers",
            "SERVER_PAUSE": "0.02" if row.workers > 1 else "0", "LD_LIBRARY_PATH": f"{build}/simcuda",
            "SIMCUDA_LATENCY_MS": SIMULATED_COSTS, "SIMCUDA_JOURNAL": f"{scratch}/journal",
            "PORT": str(self.port), "SCRATCH": scratch}
        self.set(*row.environment)

    def set(self, *assignments):
        for assignment in assignments:
            name, _, value = assignment.partition("=")
            self.env[name] = value.format(**self.words)

    def command(self, words):
        return [word.format(**self.words) for word in words]


def wait_until_idle(row, place, process):
    """Until it listens (or has said that it is ready), and then until nothing happens any more. Nobody connects."""
    until = time.monotonic() + START_SECONDS

    def is_ready():
        if row.ready:
            return row.ready in processes.read(f"{place.scratch}/output")
        if row.local:
            return processes.listened_on_path(f"{place.scratch}/socket")
        return processes.listened_on(place.port)

    while not is_ready():
        if process.poll() is not None:
            raise ValueError(f"it ended with {process.returncode} before it served")
        if time.monotonic() > until:
            raise ValueError(f"it does not serve after {START_SECONDS} s")
        time.sleep(0.05)
    quiet, until = processes.Quiet(), time.monotonic() + IDLE_SECONDS
    while not quiet.step(processes.read(f"{place.scratch}/journal")) and time.monotonic() < until:
        pass


def stop(process):
    """As a supervisor does. "killed": it did not end by itself."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "killed"


def ask_it(row, place):
    if row.client:
        env = {name: value for name, value in place.env.items()
               if name != "LD_PRELOAD" and not name.startswith("GPUWARM_")}
        return ask.ask_program(place.command(row.client), {**env, "SERVER_LAZY": "1"}, place.scratch)
    return ask.ask_all(f"{place.scratch}/socket" if row.local else place.port, row.request, row.workers)


def measure(row, build, venv, settings):
    """`settings`: None without the library, else what is set beside LD_PRELOAD."""
    with tempfile.TemporaryDirectory(prefix="gpuwarm-frameworks-", ignore_cleanup_errors=True) as scratch:
        place, run = Place(row, build, venv, scratch), Run()
        if settings is not None:
            place.set(f"LD_PRELOAD={build}/libgpuwarm.so", "GPUWARM_LOG=info", f"GPUWARM_LOG_FILE={scratch}/log",
                      *settings)
        os.mkdir(f"{scratch}/work")
        with open(f"{scratch}/output", "wb") as output:
            # pylint: disable=subprocess-popen-preexec-fn # this process has one thread
            process = subprocess.Popen(place.command(row.command), env=place.env, cwd=f"{scratch}/work", stdout=output,
                                       stderr=output, stdin=subprocess.DEVNULL, preexec_fn=processes.die_with_parent)
        try:
            wait_until_idle(row, place, process)
            run.warm_idle = set(journal.warm_ups(f"{scratch}/journal"))
            run.answers = ask_it(row, place)
            run.warm_later = set(journal.warm_ups(f"{scratch}/journal")) - run.warm_idle
            run.status = stop(process)
        except (OSError, ValueError, subprocess.SubprocessError) as problem:
            run.problem = f"{type(problem).__name__}: {problem}"
        finally:
            processes.end_all()
        run.output, run.log = (processes.read(f"{scratch}/{name}") for name in ("output", "log"))
        return run
