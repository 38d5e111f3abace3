#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The experiment that libgpuwarm started from: what do the first GPU operations of a PyTorch program cost?

Each iteration makes two random matrices on the CPU, moves both to the GPU and multiplies them there, element by
element, and prints what that took. A service that does this per request makes its first user wait.
"""

import argparse
import time

import torch


def iteration(size: int, device: torch.device) -> float:
    """One iteration's wall-clock time in seconds, the GPU's work included."""
    start = time.perf_counter()
    a = torch.rand(size, size).to(device)
    b = torch.rand(size, size).to(device)
    torch.mul(a, b)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda:0", help="default: %(default)s")
    parser.add_argument("--size", type=int, default=9999, help="rows and columns of a matrix; default: %(default)s")
    parser.add_argument("--count", type=int, default=5, help="iterations; default: %(default)s")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    for number in range(1, arguments.count + 1):
        print(f"iteration {number}: {iteration(arguments.size, device):.3f} s", flush=True)


if __name__ == "__main__":
    main()
