# SPDX-License-Identifier: MIT
"""The machine: a clean environment for the programs, the driver that they are given, tools, versions and settings.

The driver is whatever the dynamic loader finds; where it finds none, the folders in which containers are known to have
it are tried through the loader too. Settings are read and never written."""

import glob
import json
import os
import platform
import re
import shutil
import subprocess

DRIVER_FOLDERS = ("/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib64-nvidia", "/usr/lib/wsl/lib",
                  "/run/opengl-driver/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64",
                  "/usr/local/cuda/compat")
TOOL_FOLDERS = ("/usr/local/cuda/bin", "/usr/local/nvidia/bin", "/usr/local/cuda/compute-sanitizer", "/usr/local/cuda/nsight-compute*",
                "/opt/nvidia/nsight-compute/*", "/usr/local/cuda-*/bin", "/opt/cuda/bin")
# What a shell may have exported that would change what is measured. "*" ends a prefix.
UNSET = ("LD_PRELOAD", "GPUWARM_*", "SIMCUDA_*", "CUDA_INJECTION64_PATH", "CUDA_INJECTION32_PATH",
         "NVTX_INJECTION64_PATH", "NVTX_INJECTION32_PATH", "CUDA_MODULE_LOADING", "CUDA_FORCE_PRELOAD_LIBRARIES",
         "CUDA_CACHE_*", "CUDA_LAUNCH_BLOCKING", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")
SETTINGS = ("persistence_mode", "compute_mode", "mig.mode.current", "power.limit", "clocks.applications.graphics",
            "clocks.applications.memory", "clocks.max.sm", "ecc.mode.current")


def is_simulated_folder(folder):
    """Is this library folder that of the simulated driver?"""
    return os.path.basename(os.path.realpath(folder)) == "simcuda"


def clean_environment(given, output):
    """The environment of the programs on a GPU, and the names that were unset in it because they matter."""
    environment, unset = {}, []
    for name, value in given.items():
        if any(name == entry or (entry[-1] == "*" and name.startswith(entry[:-1])) for entry in UNSET):
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
    """The environment of the programs on the simulated driver: nothing of a GPU's. Faults that somebody wants to see are
    passed on."""
    home = os.path.join(output, "cache", "home")
    os.makedirs(home, exist_ok=True)
    environment = {"PATH": given.get("PATH", "/usr/bin:/bin"), "HOME": home, "SIMCUDA_LATENCY_MS": costs,
                   "LD_LIBRARY_PATH": os.path.join(build, "simcuda")}
    if "SIMCUDA_FAULT" in given:
        environment["SIMCUDA_FAULT"] = given["SIMCUDA_FAULT"]
    return environment


def probe(kit):
    """What the driver in kit.environment shows: hosts/probe.c's object."""
    process = kit.run([kit.program("hosts/probe")], seconds=60)
    if process.status != 0 or not process.output:
        return {"library": "", "version": 0, "devices": [], "problem": f"the probe {process.ending()}"}
    return json.loads(process.output[-1])


def find_driver(kit):
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


def tool(name):
    """Where a program of the CUDA toolkit is, or None."""
    for variable in ("CUDA_HOME", "CUDA_PATH"):
        candidate = os.path.join(os.environ.get(variable, "/nonexistent"), "bin", name)
        if os.access(candidate, os.X_OK):
            return candidate
    folders = [folder for pattern in TOOL_FOLDERS for folder in sorted(glob.glob(pattern), reverse=True)]
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(folders))


def output_of(argv, environment=None, seconds=20):
    """What a small program prints, or empty."""
    try:
        return subprocess.run(argv, env=environment, timeout=seconds, stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL).stdout.decode(errors="replace").strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def smi(kit, query, fields):
    """What nvidia-smi says of the first device, as {field: text}; empty where it does not work, and on the simulator."""
    program = tool("nvidia-smi")
    if kit.simulated or not program:
        return {}
    device = kit.probe["devices"][0].get("uuid", "0")
    line = output_of([program, f"--id={device}", f"--query-{query}={','.join(fields)}", "--format=csv,noheader,nounits"],
                     kit.environment).partition("\n")[0]
    found = [text.strip() for text in line.split(",")]
    if len(found) == len(fields) and "not a valid" not in line and "rror" not in line and line:
        return dict(zip(fields, found))
    # A driver that does not know one field refuses the whole query.
    return {} if len(fields) == 1 else {name: text for field in fields for name, text in smi(kit, query, [field]).items()}


def settings(kit):
    """The GPU's settings, to be shown and to be the same after the run."""
    return smi(kit, "gpu", SETTINGS)


def processor():
    """The processor's name."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def driver_version(kit):
    """The driver's version, from nvidia-smi or the kernel; empty when neither tells."""
    told = smi(kit, "gpu", ["driver_version"]).get("driver_version")
    if told or kit.simulated:
        return told or ""
    try:
        with open("/proc/driver/nvidia/version", encoding="utf-8") as file:
            found = re.search(r"Module(?: for \S+)?\s+(\d[\d.]+)", file.read())
    except OSError:
        return ""
    return found.group(1) if found else ""


def describe(kit):
    """The machine for the report. Nothing in it names a host, a user or a serial number."""
    device = kit.probe["devices"][0]
    version = kit.probe["version"]
    nvcc = tool("nvcc")
    release = [word for word in output_of([nvcc, "--version"]).split() if word.startswith("V")] if nvcc else []
    return {
        "gpu": device["name"], "gpus": len(kit.probe["devices"]), "capability": device["capability"],
        "memory_mib": device["bytes"] >> 20, "driver_cuda": f"{version // 1000}.{version % 1000 // 10}",
        "driver": driver_version(kit), "nvcc": release[0][1:] if release else "",
        "settings": settings(kit), "processor": processor(), "processors": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}", "libc": " ".join(platform.libc_ver()),
        "python": platform.python_version()}
