# SPDX-License-Identifier: MIT
"""The clients: one entry each says everything that the kit needs to know to measure one more program.

A client is a program that uses the GPU several times. Either it prints when (`output`: the common lines of
clients/client.h and clients/gpuclient.py, or what an example prints), or it is a service, and then `ready` is what it
prints once it listens, with the port as a group, and `request` sends it one request (protocols.py)."""

from typing import NamedTuple, Optional, Tuple

import protocols


class Client(NamedTuple):
    name: str
    title: str
    command: Tuple[str, ...]  # {build}, {python}, {clients}, {examples} stand for paths
    needs: Tuple[str, ...] = ()  # "gpu", "nvcc", "library:cublas", or "python:MODULE"
    make: str = ""  # a make target, in the build folder; empty: built by `make gpu-programs`, or nothing to build
    output: str = "common"  # a name in readings.py
    ready: str = ""  # a service: a regular expression, matched with each line
    request: Optional[object] = (
        None  # a service: request(port, seconds) -> does its answer hold doubled numbers, or None
    )
    kind: str = "framework"  # how often it is run (kit.COUNTS), and which goals it has
    seconds: int = 90  # the most that one run may take
    executable: bool = False  # recognised by GPUWARM_TRIGGER=auto?
    doubles: bool = False  # does a kernel of its own compute the answer (none does on the simulated driver)?


TORCH = ("gpu", "python:torch")

CLIENTS = (
    Client(
        "driver",
        "driver API, whole sequence",
        ("{build}/gpu/clients/driver",),
        kind="driver",
        executable=True,
        doubles=True,
    ),
    Client(
        "example",
        "examples/driver-api",
        ("{build}/examples/driver-api",),
        output="first_second",
        kind="driver",
        executable=True,
    ),
    Client(
        "server",
        "examples/server over TCP",
        ("{build}/examples/server", "0"),
        kind="service",
        executable=True,
        ready=r"listening on 127\.0\.0\.1:(\d+)",
        request=protocols.tcp,
        doubles=True,
    ),
    Client(
        "runtime-static",
        "CUDA runtime, static",
        ("{build}/gpu/clients/runtime-static",),
        ("gpu", "nvcc"),
        "gpu/clients/runtime-static",
        kind="runtime",
        executable=True,
        doubles=True,
    ),
    Client(
        "runtime-shared",
        "CUDA runtime, shared",
        ("{build}/gpu/clients/runtime-shared",),
        ("gpu", "nvcc"),
        "gpu/clients/runtime-shared",
        kind="runtime",
        executable=True,
        doubles=True,
    ),
    Client(
        "torch-first-call",
        "PyTorch, examples/pytorch",
        ("{python}", "{examples}/pytorch/first_call.py", "--count", "4"),
        TORCH,
        output="iterations",
    ),
    Client("torch-matmul", "PyTorch matmul", ("{python}", "{clients}/torch_work.py", "matmul"), TORCH),
    Client("torch-conv2d", "PyTorch conv2d", ("{python}", "{clients}/torch_work.py", "conv2d"), TORCH),
    Client("torch-resnet18", "PyTorch resnet18", ("{python}", "{clients}/torch_work.py", "resnet18"), TORCH),
    Client("torch-transformer", "PyTorch transformer", ("{python}", "{clients}/torch_work.py", "transformer"), TORCH),
    Client("cupy", "CuPy matmul", ("{python}", "{clients}/cupy_work.py"), ("gpu", "python:cupy")),
    Client("jax", "JAX matmul", ("{python}", "{clients}/jax_work.py"), ("gpu", "python:jax")),
    Client(
        "onnxruntime",
        "ONNX Runtime, a small network",
        ("{python}", "{clients}/onnxruntime_work.py"),
        ("gpu", "python:onnxruntime"),
    ),
)
