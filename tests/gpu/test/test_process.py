# SPDX-License-Identifier: MIT
"""Programs are bounded: what hangs is cut, what it started is ended with it, and nothing that was printed is lost."""

import os
import signal
import time
import unittest

from budget import Budget, OutOfTime
from process import Process

SHELL = ["/bin/sh", "-c"]


def run(script, seconds=20):
    return Process(SHELL + [script], dict(os.environ)).finish(seconds)


def is_alive(pid):
    """Is there such a process, and no zombie, ten seconds on? One that was killed has a moment to end."""
    for _ in range(200):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] in "ZX":
                    return False
        except OSError:
            return False
        time.sleep(0.05)
    return True


class Processes(unittest.TestCase):
    def test_lines_and_status(self):
        process = run("echo one; printf two; echo oops >&2; exit 3")
        self.assertEqual(process.output, ["one", "two"])
        self.assertEqual((process.status, process.cut, process.complaint), (3, False, "oops"))
        self.assertEqual(process.ending(), "exit status 3")

    def test_lines_have_their_time(self):
        process = run("echo one; echo two")
        times = [process.started_ns] + [ns for ns, _ in process.lines]
        self.assertEqual(times, sorted(times))
        self.assertGreater(process.ended_ns, process.started_ns)

    def test_end_by_a_signal(self):
        process = run("kill -TERM $$")
        self.assertEqual((process.status, process.ending()), (-signal.SIGTERM, "ended by signal 15"))

    def test_what_hangs_is_cut_and_what_it_printed_is_kept(self):
        process = run("echo begun; trap '' TERM; sleep 60", 1)
        self.assertTrue(process.cut)
        self.assertIsNone(process.status)
        self.assertEqual((process.output, process.ending()), (["begun"], "did not end in time"))

    def test_children_of_what_is_cut_are_ended(self):
        process = run("sleep 60 & echo $!; wait", 1)
        self.assertTrue(process.cut)
        self.assertFalse(is_alive(process.output[0]))

    def test_children_that_hold_the_pipes_do_not_hold_us(self):
        process = run("sleep 60 & echo $!")
        self.assertEqual((process.status, process.cut), (0, False))
        self.assertFalse(is_alive(process.output[0]))

    def test_a_complaint_is_short_and_names_no_folder(self):
        process = run("echo first >&2; echo 'File \"/opt/some/where/x.py\", a/b, /usr/lib/libc.so.6: gone' >&2; exit 1")
        self.assertEqual(process.complaint, 'File "x.py", a/b, libc.so.6: gone')
        self.assertLessEqual(len(run("seq -s, 10000 >&2").complaint), 250)

    def test_much_output(self):
        self.assertEqual(len(run("seq 100000").lines), 100000)

    def test_wait_for_a_line(self):
        process = Process(SHELL + ["echo ready 7; read answer; echo $answer"], dict(os.environ), keep_stdin=True)
        self.assertEqual(process.wait_for(20, lambda line: line[6:] if line.startswith("ready ") else None), "7")
        process.send(b"yes\n")
        self.assertEqual(process.finish(20).output, ["ready 7", "yes"])

    def test_wait_for_a_line_that_does_not_come(self):
        process = Process(SHELL + ["echo other"], dict(os.environ))
        self.assertIsNone(process.wait_for(20, lambda line: line == "ready"))
        self.assertEqual(process.finish(20).status, 0)

    def test_what_was_cut_is_neither_waited_for_nor_signalled_again(self):
        process = run("sleep 60", 0.1)
        self.assertTrue(process.cut)
        process.signal(signal.SIGKILL)
        self.assertIs(process.finish(20), process)
        self.assertTrue(process.cut)

    def test_a_signal_after_the_end_is_nothing(self):
        process = run("true")
        process.signal(signal.SIGKILL)
        self.assertEqual(process.status, 0)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Budgets(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()
        self.budget = Budget(70, self.clock)

    def test_left_and_limit(self):
        self.clock.now += 60
        self.assertEqual((self.budget.left(), self.budget.limit(30), self.budget.limit(4)), (10, 10, 4))

    def test_out_of_time(self):
        self.clock.now += 69.5
        self.assertRaises(OutOfTime, self.budget.limit, 30)
        self.clock.now += 50
        self.assertEqual(self.budget.left(), 0)

    def test_shares_and_what_is_not_used_goes_on(self):
        self.assertEqual(self.budget.share(1, [1, 2, 4]).left(), 10)
        self.clock.now += 4
        self.assertEqual(self.budget.share(2, [2, 4]).left(), 22)

    def test_least_of_a_share_and_no_more_than_is_left(self):
        self.assertEqual(self.budget.share(1, [1, 6], 20).left(), 20)
        self.clock.now += 65
        self.assertEqual(self.budget.share(1, [1, 6], 20).left(), 5)
