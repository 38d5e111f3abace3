# SPDX-License-Identifier: MIT
"""The processes of one run, and what the kernel says of them. Whoever measures is made the reaper of orphans, so all
that a framework starts stays below it, whatever it does to leave; one run at a time in each such process. Nothing here
connects to anything: that somebody listens is read from /proc."""

import ctypes
import os
import signal
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LISTENING = "0A"
libc = ctypes.CDLL(None)


def become_reaper():
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def status(pid):
    """The parent, the state's letter and the processor time in ticks; None when it has ended."""
    words = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(words[1]), words[0], int(words[11]) + int(words[12])) if words else None


def descendants():
    """{pid: (parent, state, ticks)} of all below this process."""
    everyone = {int(name): status(name) for name in os.listdir("/proc") if name.isdigit()}
    everyone = {pid: of for pid, of in everyone.items() if of}
    found, more = {}, {os.getpid()}
    while more:
        more = {pid for pid, of in everyone.items() if of[0] in more and pid not in found}
        found.update((pid, everyone[pid]) for pid in more)
    return found


def listened_on(port):
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in read(table).splitlines()[1:]:
            words = line.split()
            if words[3] == LISTENING and int(words[1].rpartition(":")[2], 16) == port:
                return True
    return False


def listened_on_path(path):
    return any(line.endswith(f" {path}") for line in read("/proc/net/unix").splitlines())


def end_all():
    """Kills and reaps what is left."""
    for _ in range(200):
        left = descendants()
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.02)
    raise RuntimeError(f"processes that cannot be ended: {descendants()}")


class Quiet:
    """Has nothing happened for a while? Asked every STEP seconds. A program that polls all the time may use some of the
    processor; `watched` is compared as it is."""

    STEP, STEPS, TICKS = 0.25, 6, 2

    def __init__(self):
        self.before, self.steps = None, 0

    def step(self, watched):
        time.sleep(self.STEP)
        now = descendants()
        ticks = sum(of[2] for of in now.values())
        busy = any(of[1] == "R" for of in now.values())
        same = self.before and self.before[1:] == (set(now), watched) and ticks - self.before[0] <= self.TICKS
        self.steps = self.steps + 1 if same and not busy else 0
        self.before = (ticks, set(now), watched)
        return self.steps >= self.STEPS
