# SPDX-License-Identifier: MIT
"""The machine: tools, versions and settings. Settings are read and never written."""

import glob
import os
import platform
import re
import shutil
import subprocess

TOOL_FOLDERS = (
    "/usr/local/cuda/bin",
    "/usr/local/nvidia/bin",
    "/usr/local/cuda/compute-sanitizer",
    "/usr/local/cuda/nsight-compute*",
    "/opt/nvidia/nsight-compute/*",
    "/usr/local/cuda-*/bin",
    "/opt/cuda/bin",
)
SETTINGS = (
    "persistence_mode",
    "compute_mode",
    "mig.mode.current",
    "power.limit",
    "clocks.applications.graphics",
    "clocks.applications.memory",
    "clocks.max.sm",
    "ecc.mode.current",
)


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
        return (
            subprocess.run(
                argv,
                env=environment,
                timeout=seconds,
                stdout=subprocess.PIPE,
                check=False,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
            )
            .stdout.decode(errors="replace")
            .strip()
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""


def smi(kit, query, fields):
    """What nvidia-smi says of the first device, as {field: text}; empty where it fails, and on the simulator."""
    program = tool("nvidia-smi")
    if kit.simulated or not program:
        return {}
    device = kit.probe["devices"][0].get("uuid", "0")
    line = output_of(
        [program, f"--id={device}", f"--query-{query}={','.join(fields)}", "--format=csv,noheader,nounits"],
        kit.environment,
    ).partition("\n")[0]
    found = [text.strip() for text in line.split(",")]
    if len(found) == len(fields) and "not a valid" not in line and "rror" not in line and line:
        return dict(zip(fields, found))
    # A driver that does not know one field refuses the whole query.
    return (
        {} if len(fields) == 1 else {name: text for field in fields for name, text in smi(kit, query, [field]).items()}
    )


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
        "gpu": device["name"],
        "gpus": len(kit.probe["devices"]),
        "capability": device["capability"],
        "memory_mib": device["bytes"] >> 20,
        "driver_cuda": f"{version // 1000}.{version % 1000 // 10}",
        "driver": driver_version(kit),
        "nvcc": release[0][1:] if release else "",
        "settings": settings(kit),
        "processor": processor(),
        "processors": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "libc": " ".join(platform.libc_ver()),
        "python": platform.python_version(),
    }
