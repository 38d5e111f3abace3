# SPDX-License-Identifier: MIT
"""`make test-transparency`: programs and tests that nobody here wrote, with the library and without it: the same.

    python3.11 tests/transparency BUILD-FOLDER [PART|SUITE...]
"""

import os
import shutil
import sys
import tempfile

import cpython
import nginx_server
import redis_server
from suites import SUITES

PARTS = {"redis": redis_server.part, "nginx": nginx_server.part, "cpython": cpython.part}


def main(arguments):
    unknown = [word for word in arguments[1:] if word not in PARTS and word not in SUITES]
    if not arguments or unknown:
        print(f"usage: BUILD-FOLDER [{'|'.join([*PARTS, *SUITES])}...]", file=sys.stderr)
        return 2
    build, only = os.path.realpath(arguments[0]), arguments[1:]
    scratch = tempfile.mkdtemp(prefix="transparency-")
    good = True
    for name, part in PARTS.items():
        if not only or name in only or (name == "cpython" and set(only) & set(SUITES)):
            good &= part(build, scratch, [word for word in only if word in SUITES])
    if good:
        shutil.rmtree(scratch, ignore_errors=True)
    else:
        print(f"transparency: FAILED; what was written is in {scratch}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
