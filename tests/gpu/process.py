# SPDX-License-Identifier: MIT
"""Starting a program, reading what it prints with the time at which each line came, and ending it, bounded in time.

A program gets a session of its own, and whatever of that is left is ended with it: by the id of the process that was
started, while that is still ours (not reaped), so that no other process can be meant.
"""

import os
import re
import selectors
import signal
import subprocess
import time


class Process:
    """One program. Times are CLOCK_MONOTONIC in nanoseconds, as the programs' own."""

    def __init__(self, argv, environment, folder=None, keep_stdin=False):
        self.argv = argv
        self.lines = []  # (ns, text) of stdout
        self.errors = b""
        self.status = None  # the exit status, or minus the signal; None while it runs or when it was cut
        self.cut = False
        self.ended_ns = None
        self._reaped = False  # its id may be another process's by now
        self._rest = b""
        self.started_ns = time.monotonic_ns()
        self._popen = subprocess.Popen(
            argv,
            env=environment,
            cwd=folder,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.PIPE if keep_stdin else subprocess.DEVNULL,
        )
        self.pid = self._popen.pid
        self._selector = selectors.DefaultSelector()
        for stream in (self._popen.stdout, self._popen.stderr):
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ)

    def _read(self, wait):
        """Reads what is there, waiting `wait` seconds at the most for something."""
        for key, _ in self._selector.select(wait):
            try:
                data = os.read(key.fileobj.fileno(), 65536)
            except BlockingIOError:
                continue
            if not data:
                self._selector.unregister(key.fileobj)
            elif key.fileobj is self._popen.stderr:
                self.errors = (self.errors + data)[-20000:]
            else:
                self._keep(data)

    def _keep(self, data):
        now = time.monotonic_ns()
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.lines += [(now, line.decode(errors="replace")) for line in lines]

    def _has_ended(self):
        """Has it ended? It stays a zombie, and its id ours, until finish()."""
        if self.ended_ns is None:
            found = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is not None:
                self.ended_ns = time.monotonic_ns()
        return self.ended_ns is not None

    def wait_for(self, seconds, ready):
        """Waits until ready(line) is true of a line, and gives what it gave; None when program or time ended."""
        until, seen = time.monotonic() + seconds, 0
        while True:
            for _, line in self.lines[seen:]:
                seen += 1
                found = ready(line)
                if found:
                    return found
            if time.monotonic() >= until or (self._has_ended() and not self._selector.get_map()):
                return None
            ended = self._has_ended()
            self._read(min(0.05, max(0, until - time.monotonic())))
            if ended and seen == len(self.lines):
                return None

    def send(self, data):
        """Writes to its stdin; a program that is gone is no error here."""
        try:
            self._popen.stdin.write(data)
            self._popen.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass

    def signal(self, number):
        """Sends a signal to the program alone, if it has not been reaped."""
        if not self._reaped:
            os.kill(self.pid, number)

    def _pump(self, until):
        """Reads until the program has ended or the time is up; true when it ended."""
        while not self._has_ended():
            if time.monotonic() >= until:
                return False
            if self._selector.get_map():
                self._read(0.02)
            else:
                time.sleep(0.0005)  # both ends are closed: only its end is still to come
        return True

    def finish(self, seconds):
        """Waits for its end, `seconds` at the most (then it is cut), ends what it left behind, and gives itself."""
        if self._reaped:
            return self
        if self._popen.stdin:
            self._popen.stdin.close()
        self.cut = not self._pump(time.monotonic() + seconds)
        try:
            os.killpg(self.pid, signal.SIGKILL)  # its children too; a zombie that leads the group takes no harm
        except (ProcessLookupError, PermissionError):
            pass
        status = self._popen.wait()
        self._reaped = True
        for _ in range(100):  # what was written before the end
            if not self._selector.get_map():
                break
            self._read(0)
        if self._rest:
            self._keep(b"\n")
        self.status = None if self.cut else status
        self._popen.stdout.close()
        self._popen.stderr.close()
        self._selector.close()
        return self

    @property
    def output(self):
        """What it printed, as a list of lines."""
        return [line for _, line in self.lines]

    @property
    def complaint(self):
        """The last line of its stderr, for a report: short, and with the names of files but not their folders."""
        lines = self.errors.decode(errors="replace").strip().splitlines() or [""]
        return re.sub(r"(?<![\w.])/(?:[\w.+@~-]+/)+", "", lines[-1].strip())[:250]

    def ending(self):
        """How it ended, in words."""
        if self.cut:
            return "did not end in time"
        return f"ended by signal {-self.status}" if self.status < 0 else f"exit status {self.status}"
