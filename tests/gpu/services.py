# SPDX-License-Identifier: MIT
"""The services of the part `services`, and the variants in which each of them runs."""

from typing import NamedTuple, Tuple


class Service(NamedTuple):
    name: str
    title: str
    command: Tuple[str, ...]  # as a client's (clients.py)
    needs: Tuple[str, ...] = ()
    ready: str = r"listening on 127\.0\.0\.1:(\d+) with (.+)"  # the port, and what it runs on
    seconds: int = 90  # the most that one run may take
    simulated: bool = False  # for the simulated driver, and only for that


# name: (trigger of the library, variables). All of a variant's work before the first request is done when the service
# answers /ready. The last one is what the goal is about.
VARIANTS = {
    "cold": ("off", {}),
    "serve": ("serve", {}),
    "libraries": ("serve", {"GPUWARM_STAGES": "all"}),
}


def torch_service(work):
    needs = ("gpu", "python:torch")
    return Service(work, f"PyTorch {work}", ("{python}", "-B", "{clients}/service.py", work), needs)


def standin(work, title):
    cublas = ("--cublas", "{build}/gpu/standins/libcublas.so")
    return Service(work, title, ("{python}", "-B", "{clients}/service.py", work) + cublas, simulated=True)


SERVICES = tuple(torch_service(work) for work in ("matmul", "conv2d", "resnet18", "transformer")) + (
    standin("standin", "stand-in, first uses the GPU when asked"),
    standin("standin-model", "stand-in, its model on the GPU at start"),
)
