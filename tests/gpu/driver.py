# SPDX-License-Identifier: MIT
"""The driver that the programs are given, and their environment. It is whatever the dynamic loader finds; where that
shows no GPU, the folders in which containers are known to have one are tried, through the loader too. Nothing is ever
measured on the simulated driver where a GPU was meant, nor the other way round."""

import json
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
DRIVER_FOLDERS = (
    "/usr/local/nvidia/lib64",
    "/usr/local/nvidia/lib",
    "/usr/lib64-nvidia",
    "/usr/lib/wsl/lib",
    "/run/opengl-driver/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/local/cuda/compat",
)
# What a shell may have exported that would change what is measured, with shim/policy/tools.def. "*" ends a prefix.
UNSET = (
    "LD_PRELOAD",
    "GPUWARM_*",
    "SIMCUDA_*",
    "CUDA_MODULE_LOADING",
    "CUDA_FORCE_PRELOAD_LIBRARIES",
    "CUDA_CACHE_*",
    "CUDA_LAUNCH_BLOCKING",
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
)


def injections():
    """The variables by which profilers are injected, from the library's own list."""
    with open(os.path.join(HERE, "..", "..", "shim", "policy", "tools.def"), encoding="utf-8") as file:
        return tuple(re.findall(r"^INJECTION\((\w+)\)", file.read(), re.M))


def is_simulated_folder(folder):
    """Is this library folder that of the simulated driver?"""
    return os.path.basename(os.path.realpath(folder)) == "simcuda"


def clean_environment(given, output):
    """The environment of the programs on a GPU, and the names that were unset in it because they matter."""
    environment, unset, harmful = {}, [], UNSET + injections()
    for name, value in given.items():
        if any(name == entry or (entry[-1] == "*" and name.startswith(entry[:-1])) for entry in harmful):
            unset.append(name)
        else:
            environment[name] = value
    folders = environment.get("LD_LIBRARY_PATH", "").split(":")
    kept = [folder for folder in folders if folder and not is_simulated_folder(folder)]
    if kept != [folder for folder in folders if folder]:
        unset.append("LD_LIBRARY_PATH (the simulated driver's folder)")
    environment.pop("LD_LIBRARY_PATH", None)
    if kept:
        environment["LD_LIBRARY_PATH"] = ":".join(kept)
    # Compiled kernels are kept where this run alone sees them: every client finds the cache as its last run left it.
    environment["CUDA_CACHE_PATH"] = os.path.join(output, "cache", "cuda")
    environment["CUPY_CACHE_DIR"] = os.path.join(output, "cache", "cupy")
    return environment, sorted(unset)


def simulated_environment(given, build, output, costs):
    """The environment of the programs on the simulated driver: nothing of a GPU's. Faults that somebody wants to see
    are passed on."""
    home = os.path.join(output, "cache", "home")
    os.makedirs(home, exist_ok=True)
    environment = {
        "PATH": given.get("PATH", "/usr/bin:/bin"),
        "HOME": home,
        "SIMCUDA_LATENCY_MS": costs,
        "LD_LIBRARY_PATH": os.path.join(build, "simcuda"),
    }
    if "SIMCUDA_FAULT" in given:
        environment["SIMCUDA_FAULT"] = given["SIMCUDA_FAULT"]
    return environment


def probe(kit):
    """What the driver in kit.environment shows: hosts/probe.c's object."""
    process = kit.run([kit.program("hosts/probe")], seconds=60)
    if process.status != 0 or not process.output:
        return {"library": "", "version": 0, "devices": [], "problem": f"the probe {process.ending()}"}
    return json.loads(process.output[-1])


def find(kit):
    """Fills kit.probe from the driver that the loader gives, or that one of the known folders has."""
    kit.probe = probe(kit)
    if kit.simulated or kit.probe["devices"]:
        return
    given = dict(kit.environment)
    for folder in DRIVER_FOLDERS:
        if not os.path.exists(os.path.join(folder, "libcuda.so.1")) or is_simulated_folder(folder):
            continue
        folders = [folder] + [other for other in given.get("LD_LIBRARY_PATH", "").split(":") if other]
        kit.environment = dict(given, LD_LIBRARY_PATH=":".join(folders))
        found = probe(kit)
        if found["devices"]:
            kit.probe = found
            kit.say(f"the loader's libcuda.so.1 shows no GPU, that in {folder} does: used for every program")
            return
    kit.environment = given


def why_no_gpu(kit):
    """Why nothing can be measured here, or None."""
    simulated = any(device["name"].startswith("Simulated") for device in kit.probe["devices"])
    if not kit.probe["devices"]:
        return kit.probe["problem"] or "the driver shows no device"
    if simulated and not kit.simulated:
        return f"{kit.probe['library']} is the simulated driver"
    if kit.simulated and not simulated:
        return f"{kit.probe['library']} is not the simulated driver"
    return None
