# SPDX-License-Identifier: MIT
"""A client on PyTorch that makes the first call of a library apart from the first use of the GPU: torch_library.py
cublas | cudnn. It comes to wait for connections for a moment, as a service does (GPUWARM_TRIGGER=serve warms then), uses
the GPU without that library, which is timed as setup, and then computes a product or a convolution."""

import select
import socket

import gpuclient
import torch_models

WORKS = {"cublas": "matmul", "cudnn": "conv2d"}


def connections_await():
    """What a service does before its first request. Nobody connects."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        select.select([listener], [], [], 0)


def main():
    given = gpuclient.arguments(tuple(WORKS))
    device = torch_models.device_of(given.device)
    inputs, function = torch_models.operation(WORKS[given.work])
    on_device = []

    def setup():
        on_device.extend(tensor.to(device) for tensor in inputs)
        (on_device[0] + 1).sum().item()

    connections_await()
    gpuclient.measure(lambda: function(*on_device).cpu(), lambda: function(*inputs), setup, torch_models.versions)


main()
