# SPDX-License-Identifier: MIT
"""The ways in which every suite is run: as it is, and with the library in all of its processes.

Each run has a folder of its own, for HOME, temporary files and the library's reports, by which it is seen afterwards
that the library was there and warmed something. Used by all parts.
"""

import json
import os
import signal
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3.11"

# name: (is the library preloaded, is the driver loaded and so CUDA in the process, settings)
VARIANTS = {
    # What the others are compared with: CUDA is in the process and nobody uses it.
    "plain": (False, True, {}),
    # Most processes of a tree: the hooks are asked again and again, and there is nothing to warm.
    "idle": (True, False, {}),
    # Warmed in the middle, by any thread that waits on any listening socket.
    "serve": (True, True, {"GPUWARM_TRIGGER": "serve"}),
}


def environment(build, variant, folder):
    """The whole environment of a run in `folder`, which is made."""
    preloaded, cuda, settings = VARIANTS[variant]
    for name in ("home", "tmp", "reports"):
        os.makedirs(f"{folder}/{name}", exist_ok=True)
    result = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": f"{folder}/home",
        "TMPDIR": f"{folder}/tmp",
        "LD_LIBRARY_PATH": f"{build}/simcuda",
    }
    if cuda:
        result["PYTHONPATH"] = f"{HERE}/site"
    if preloaded:
        # A program may change its folder; a relative name would then be looked for elsewhere.
        result["LD_PRELOAD"] = f"{build}/libgpuwarm.so"
        result["GPUWARM_REPORT"] = f"{folder}/reports/%p"
        result.update(settings)
    return result


def preload(env, library):
    """Puts a library in front of every program of the run, behind ours."""
    env["LD_PRELOAD"] = ":".join(filter(None, (env.get("LD_PRELOAD"), library)))


def seen(folder):
    """How many processes wrote a report, and which of them were warmed."""
    warmed = set()
    names = os.listdir(f"{folder}/reports")
    for name in names:
        try:
            with open(f"{folder}/reports/{name}", encoding="utf-8") as file:
                report = json.load(file)
        except ValueError:
            continue  # of a process that was killed while it wrote its own
        if report["result"] == "warm":
            warmed.add(report["pid"])
    return len(names), warmed


def run(command, env, folder, seconds, log):
    """Runs a command in a session of its own, in `folder`; its exit status, or None when the time was up."""
    with open(log, "wb") as output:
        process = subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            try:
                # What it left behind; the group is ours even when its leader has ended.
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
