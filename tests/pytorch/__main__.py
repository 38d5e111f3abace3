# SPDX-License-Identifier: MIT
"""`make test-pytorch`: PyTorch's build with CUDA on the simulated driver, with the library and without. It computes on
the CPU, since no CUDA library runs there; what is tested is which of its processes are warmed, and that all of them do
the same. Fails when a test fails and when fewer ran than there must be.

    python3 tests/pytorch BUILD-FOLDER PYTHON-WITH-PYTORCH [TEST...]
"""

import os
import sys
import unittest

LEAST = 29
HERE = os.path.dirname(os.path.abspath(__file__))


def main(arguments):
    if len(arguments) < 2:
        print("usage: BUILD-FOLDER PYTHON-WITH-PYTORCH [TEST...]", file=sys.stderr)
        return 2
    # A relative LD_PRELOAD would be looked for in each program's own folder.
    os.environ["GPUWARM_TEST_BUILD"] = os.path.realpath(arguments[0])
    # Not its real path: by the one in its environment a Python knows what is installed there.
    os.environ["GPUWARM_TEST_PYTHON"] = os.path.abspath(arguments[1])
    sys.path.insert(0, HERE)
    loader = unittest.defaultTestLoader
    loader.testNamePatterns = [f"*{word}*" for word in arguments[2:]] or None
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(loader.discover(HERE))
    failed = len(result.failures) + len(result.errors)
    passed = result.testsRun - failed - len(result.skipped)
    least = 1 if arguments[2:] else LEAST
    if passed + failed < least:
        print(f"only {passed + failed} tests ran, {least} is the least")
    print(f"pytorch: {passed} passed, {failed} failed, {len(result.skipped)} skipped")
    return 0 if failed == 0 and passed >= least else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
