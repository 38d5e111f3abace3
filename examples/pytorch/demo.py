#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The second half of `make demo`: the Python service of this folder, cold and under libgpuwarm, which warms it when it
comes to serve. On this machine's GPU where it has one, else simulated. The service works through the driver API here,
so that nothing need be installed; README.md has the commands with PyTorch.

    demo.py BUILD-FOLDER
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

RUNS, REQUESTS, WAIT_SECONDS = 3, 20, 120
# See examples/server/demo.c for where these were published.
SIMULATED_COSTS = "cuInit=500,cuDevicePrimaryCtxRetain=325"
HERE = os.path.dirname(os.path.abspath(__file__))


def environment_for(build: str, simulated: bool, warm: bool, report: str) -> dict:
    kept = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD" and not k.startswith("GPUWARM_")}
    kept["SERVICE_WORK"] = "driver"
    if simulated:
        kept.update(LD_LIBRARY_PATH=f"{build}/simcuda", SIMCUDA_LATENCY_MS=SIMULATED_COSTS)
    if warm:
        kept.update(LD_PRELOAD=f"{build}/libgpuwarm.so", GPUWARM_REPORT=report)
    return kept


def wait_until_warm(report: str) -> None:
    """As a readiness probe does: while a server warms, its port listens already."""
    for _ in range(WAIT_SECONDS * 100):
        try:
            with open(report, encoding="utf-8") as file:
                if json.load(file)["result"] != "waiting":
                    return
        except FileNotFoundError:
            pass
        time.sleep(0.01)
    raise TimeoutError("no report")


def run_once(build: str, simulated: bool, warm: bool, report: str) -> tuple:
    """Milliseconds from start to ready, of the first request, and of the later ones (median)."""
    start = time.perf_counter()
    command = ["timeout", str(WAIT_SECONDS), sys.executable, f"{HERE}/service.py", "0"]
    server = subprocess.Popen(command, env=environment_for(build, simulated, warm, report), stdout=subprocess.PIPE)
    try:
        port = int(server.stdout.readline().rsplit(b":", 1)[1])
        if warm:
            wait_until_warm(report)
        ready, times = time.perf_counter(), []
        for _ in range(REQUESTS):
            began = time.perf_counter()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=WAIT_SECONDS) as response:
                json.load(response)
            times.append((time.perf_counter() - began) * 1000)
        return (ready - start) * 1000, times[0], statistics.median(times[1:])
    finally:
        server.terminate()
        server.wait()


def has_gpu() -> bool:
    probe = "import ctypes; raise SystemExit(ctypes.CDLL('libcuda.so.1').cuInit(0))"
    return subprocess.run([sys.executable, "-c", probe], stderr=subprocess.DEVNULL, check=False).returncode == 0


def main() -> int:
    build = os.path.abspath(sys.argv[1])
    simulated = not has_gpu()
    print(f"\nA Python service (http.server), the same way, warmed when it comes to serve{' (SIMULATED)' * simulated}.")
    print(f"\n  {'':22} {'cold':>13} {'libgpuwarm':>13}")
    figures = {False: [], True: []}
    for number in range(RUNS):
        for warm in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                figures[warm].append(run_once(build, simulated, warm, f"{folder}/report.{number}"))
    cold, warm = ([statistics.median(column) for column in zip(*figures[which])] for which in (False, True))
    for name, one, other in zip(("start to ready", "first request", "median of the rest"), cold, warm):
        print(f"  {name:22} {one:10.2f} ms {other:10.2f} ms")
    fast = warm[1] * 5 <= cold[1]
    print(f"\n  {'Good' if fast else 'NOT GOOD'}: the warm first request takes {100 * warm[1] / cold[1]:.1f}% of the cold one.")
    return 0 if fast else 1


if __name__ == "__main__":
    sys.exit(main())
