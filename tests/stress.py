# SPDX-License-Identifier: MIT
"""`make stress`: processes that are ended, forked and replaced at random moments around their warm-up.

    stress.py BUILD-FOLDER [PROCESSES [SEED]]

Each is tests/hosts/acts with the library preloaded: what warms it, what one of its threads does meanwhile, how it ends
and whether it is sent a signal is drawn at random. None may hang, crash, end otherwise than the draw allows, or leave a
process behind; and where nothing is drawn that could come between, it must have been warmed once. Every process and its descendants have a group of their own, and those that outlive their parent
become this program's children, so each is seen to end. What has to be killed is killed by its id, and is a failure.
`--plain` runs the same without the library, to show that what fails is not the program's own doing.
"""

import ctypes
import os
import random
import signal
import sys
import tempfile
import time

PROCESSES = 2000
HANGS_AFTER_S = 60
ORPHANED_AFTER_S = 20
FAILURES_SHOWN = 20
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, linux/prctl.h

TRIGGERS = {"load": ["load"], "serve": ["serve", None], "fork": ["fork"]}
ACTIONS = ["nothing", "_exit", "abort", "terminate", "exec", "again", "fork-now", "fork-exec"]
# Where a thread forks while another is in exit(3) or registers an exit handler, the C library leaves the child a lock
# that is never released: what the child exits by must not need it. cuInit registers one, the program's own cuInit too.
MORE_ACTIONS = {"load": ["exit"], "serve": ["exit"], "fork": ["fork"]}
# How a process ends by each, as os.waitstatus_to_exitcode tells it (tests/hosts/libacts.h).
ENDS = {"return": 5, "exit": 7, "_exit": 8, "abort": -signal.SIGABRT, "exec": 0}
ENDS_BY = {**ENDS, "terminate": -signal.SIGTERM, "again": 5}
CHILDREN_END = {9, 0, -signal.SIGKILL, -signal.SIGTERM}
CRASHES = {-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGILL, -signal.SIGFPE, -signal.SIGTRAP, -signal.SIGABRT}


class Draw:
    """What one process is to live through."""

    def __init__(self, chance):
        self.moment = chance.choice(list(TRIGGERS))
        self.trigger = chance.choice(TRIGGERS[self.moment])
        self.action = chance.choice(ACTIONS + MORE_ACTIONS[self.moment])
        self.end = chance.choice(list(ENDS))
        self.handles = chance.random() < 0.3
        self.after_us = chance.randrange(15000)
        self.latency_ms = [chance.randrange(5) for _ in range(4)]
        self.signal = chance.choice([signal.SIGTERM, signal.SIGKILL]) if chance.random() < 0.3 else None
        self.signal_s = chance.random() * 0.05

    def words(self):
        return [self.moment, str(self.after_us), self.action, self.end] + ["handles"] * self.handles

    def environment(self, build, scratch, preloaded):
        names = ("cuInit", "cuDevicePrimaryCtxRetain", "cuModuleLoadDataEx", "cuMemAlloc_v2")
        latency = ",".join(f"{name}={ms}" for name, ms in zip(names, self.latency_ms))
        environment = {
            "HOME": scratch,
            "LD_LIBRARY_PATH": f"{build}/simcuda",
            "SIMCUDA_JOURNAL": f"{scratch}/journal",
            "SIMCUDA_LATENCY_MS": latency,
        }
        if preloaded:
            environment["LD_PRELOAD"] = f"{build}/libgpuwarm.so"
        if self.trigger:
            environment["GPUWARM_TRIGGER"] = self.trigger
        return environment

    def allows(self, code):
        allowed = {ENDS_BY[self.action] if self.action in ENDS_BY else ENDS[self.end]}
        if self.action == "terminate" and self.handles:
            allowed.add(ENDS[self.end])
        if self.signal:
            allowed.add(-self.signal)
        return code in allowed

    def is_undisturbed(self):
        return self.moment != "fork" and self.signal is None and self.action not in ENDS_BY

    def __str__(self):
        sent = f", sent {signal.Signals(self.signal).name} after {self.signal_s * 1000:.0f} ms" if self.signal else ""
        return f"GPUWARM_TRIGGER={self.trigger or 'auto'} acts {' '.join(self.words())}{sent}"


def process_field(pid, index):
    """A number of /proc/PID/stat, counted from behind the name: 1 is the parent, 2 the group; None: it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return int(file.read().rpartition(")")[2].split()[index])
    except (OSError, IndexError):
        return None


def processes_with(index, value):
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and process_field(pid, index) == value]


class Stress:
    def __init__(self, build, count, seed, preloaded):
        self.build, self.count, self.preloaded = os.path.abspath(build), count, preloaded
        self.chance = random.Random(seed)
        self.jobs = 2 * (os.cpu_count() or 1)
        self.running = {}  # pid: (draw, when it was started, whether the signal is still to be sent)
        self.ended = {}  # group: (draw, when its first process ended)
        self.undisturbed = []  # (pid, draw, when it was started, when it ended) of what must have been warmed
        self.started = self.descendants = 0
        self.failures = []

    def start(self, scratch):
        draw = Draw(self.chance)
        path = f"{self.build}/tests/hosts/acts"
        null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in range(3)]
        environment = draw.environment(self.build, scratch, self.preloaded)
        before = time.monotonic()
        pid = os.posix_spawn(
            path, [path, *draw.words()], environment, file_actions=null, setpgroup=0, setsigmask=[]
        )
        self.running[pid] = [draw, before, draw.signal is not None]
        self.started += 1

    def failed(self, what, draw):
        self.failures.append(what)
        if len(self.failures) <= FAILURES_SHOWN:
            print(f"stress: {what}: {draw}", flush=True)

    def judge(self, pid, group, code):
        """One process has ended, of those that were started or of their descendants."""
        if pid in self.running:
            draw, started, _ = self.running.pop(pid)
            self.ended[pid] = (draw, time.monotonic())
            if draw.is_undisturbed():
                self.undisturbed.append((pid, draw, started, time.monotonic()))
            good = draw.allows(code)
        else:
            entry = self.ended.get(group) or self.running.get(group)
            draw = entry[0] if entry else "?"
            self.descendants += 1
            good = code in CHILDREN_END
        if not good:
            self.failed(f"{'crashed' if code in CRASHES else 'ended otherwise'} ({code})", draw)

    def reap(self):
        """Takes all that have ended; False when there is no child at all."""
        while True:
            try:
                info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return False
            if info is None:
                return True
            group = process_field(info.si_pid, 2)
            _, status = os.waitpid(info.si_pid, 0)
            self.judge(info.si_pid, group, os.waitstatus_to_exitcode(status))

    def send_signals(self):
        now = time.monotonic()
        for pid, entry in self.running.items():
            draw, started, to_be_sent = entry
            if to_be_sent and now >= started + draw.signal_s:
                os.kill(pid, draw.signal)
                entry[2] = False

    def end_late(self):
        """Kills what hangs, and what was left behind."""
        now = time.monotonic()
        for pid, (draw, started, _) in list(self.running.items()):
            if now > started + HANGS_AFTER_S:
                self.failed("hung", draw)
                self.ended[pid] = (draw, now - ORPHANED_AFTER_S)
                del self.running[pid]
                self.kill([pid])
        for pid in processes_with(1, os.getpid()):
            draw, since = self.ended.get(process_field(pid, 2), (None, now))
            if draw and now > since + ORPHANED_AFTER_S and process_field(pid, 2) is not None:
                self.failed("left a process behind", draw)
                self.kill([pid])

    @staticmethod
    def kill(pids):
        """Children of ours: until they are reaped below, no other process has their id."""
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def run(self, scratch):
        looked = time.monotonic()
        while self.reap() or self.started < self.count:
            while len(self.running) < self.jobs and self.started < self.count:
                self.start(scratch)
            self.send_signals()
            if time.monotonic() > looked + 2:
                self.end_late()
                looked = time.monotonic()
            if len(self.failures) > FAILURES_SHOWN:
                self.count = self.started
            signal.sigtimedwait({signal.SIGCHLD}, 0.002)


def journal_read(scratch):
    """When each process began a warm-up and when one came to its end: two lists of (pid, seconds)."""
    begun, ended = [], []
    with open(f"{scratch}/journal", "a+", encoding="latin-1") as journal:
        journal.seek(0)
        for line in journal:
            start_ns, pid, _, function, _, _, detail = line.split("\t")
            moment = (int(pid), int(start_ns) / 1e9)
            if function == "cuInit":
                begun.append(moment)
            elif function == "cuLaunchKernel" and "gpuwarm" in detail:
                ended.append(moment)
    return begun, ended


def judge_warm_ups(stress, begun, ended):
    """Undisturbed processes must have been warmed once; of the others some must have been met in the middle of it."""
    for pid, draw, started, until in stress.undisturbed:
        count = sum(one == pid and started <= when <= until for one, when in ended)
        if count != 1:
            stress.failed(f"warmed {count} times", draw)
    if len(ended) >= len(begun):
        stress.failed("no warm-up was interrupted", "all of them")


def main():
    arguments = [word for word in sys.argv[1:] if word != "--plain"]
    preloaded = "--plain" not in sys.argv
    count = int(arguments[1]) if len(arguments) > 1 else PROCESSES
    seed = int(arguments[2]) if len(arguments) > 2 else random.SystemRandom().randrange(1 << 32)
    print(f"stress: {count} processes, seed {seed}", flush=True)
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        stress = Stress(arguments[0], count, seed, preloaded)
        stress.run(scratch)
        begun, ended = journal_read(scratch)
    if preloaded:
        judge_warm_ups(stress, begun, ended)
    print(
        f"stress: {stress.started} processes and {stress.descendants} descendants that outlived their parents; "
        f"{len(begun)} simulated warm-ups begun and {len(ended)} ended; {len(stress.failures)} failures, "
        f"in {time.monotonic() - started:.0f} s"
    )
    sys.exit(1 if stress.failures else 0)


main()
