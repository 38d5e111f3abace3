#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the kit itself, on the simulated driver and on made-up reports: `make gpu-kit-test`. Fails when a test fails
and when fewer ran than there must be. GPUWARM_TEST_BUILD is the build folder."""

import os
import sys
import unittest

LEAST = 225
HERE = os.path.dirname(os.path.abspath(__file__))


class Counted(unittest.TextTestResult):
    """Counts what passed; unittest itself does not."""

    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def main():
    sys.path[:0] = [HERE, os.path.join(HERE, "test")]
    suite = unittest.defaultTestLoader.discover(os.path.join(HERE, "test"), pattern="test_*.py")
    result = unittest.TextTestRunner(resultclass=Counted, verbosity=1, stream=sys.stdout).run(suite)
    for test, why in result.skipped:
        print(f"skipped: {test}: {why}")
    failed = len(result.failures) + len(result.errors)
    if result.passed < LEAST:
        print(f"only {result.passed} tests passed, {LEAST} is the least")
    print(f"gpu-kit: {result.passed} passed, {failed} failed, {len(result.skipped)} skipped")
    return 0 if failed == 0 and result.passed >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
