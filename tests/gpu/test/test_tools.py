# SPDX-License-Identifier: MIT
"""Debuggers and profilers are judged rightly, with shell scripts in their place."""

from unittest import mock

import machine
import safety_tools
from checks import skipped
from support import KitCase

WELL = "echo 'ERROR SUMMARY: 0 errors'; echo 'gpuclient value doubled yes'"


class Tools(KitCase):
    def check(self, script, simulated=False):
        """The check of compute-sanitizer, with this script as the tool (None: it is not there)."""
        program = script and self.write("tool", "#!/bin/sh\n" + script)
        self.kit.simulated = simulated
        with mock.patch.object(machine, "tool", return_value=program):
            return safety_tools.tool_check("compute-sanitizer")(self.kit)

    def test_as_without_the_library(self):
        made = self.check(WELL)
        self.assertEqual(made["result"], "ok", made)
        self.assertIn("GPUWARM_TRIGGER=load: as without the library", made["text"])

    def test_another_outcome_under_load_is_a_finding(self):
        made = self.check('[ "$GPUWARM_TRIGGER" = load ] && { echo "3 errors" >&2; exit 9; }; ' + WELL)
        self.assertEqual(made["result"], "finding", made)
        self.assertIn("exit status 9; 3 errors", made["text"])

    def test_another_outcome_by_default_is_a_failure(self):
        self.assertEqual(self.check('[ -n "$LD_PRELOAD" ] && exit 9; ' + WELL)["result"], "failed")

    def test_a_crash_under_load_is_a_failure(self):
        self.assertEqual(self.check('[ "$GPUWARM_TRIGGER" = load ] && kill -SEGV $$; ' + WELL)["result"], "failed")

    def test_a_wrong_answer_is_not_well(self):
        made = self.check(WELL.replace("yes", "no"))
        self.assertEqual(made["result"], "skipped", made)

    def test_one_that_does_not_work_without_the_library_is_skipped(self):
        made = self.check("echo 'no permission' >&2; exit 1")
        self.assertEqual(made["result"], "skipped")
        self.assertIn("no permission", made["text"])

    def test_one_that_is_not_there_is_skipped(self):
        self.assertEqual(self.check(None), skipped("not found"))

    def test_never_on_the_simulated_driver(self):
        self.assertEqual(self.check(WELL, simulated=True), skipped("the simulated driver cannot run it"))
