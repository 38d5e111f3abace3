# SPDX-License-Identifier: MIT
"""A service: serves.py loads|lazy. Each request runs a DataLoader with two forked workers, or imports PyTorch: then it
is looked for CUDA again only after a number of requests."""

import sys

import serving


def loads():
    numbers = DataLoader(torch.arange(64.0), batch_size=8, num_workers=2, multiprocessing_context="fork")
    return sum(batch.sum().item() for batch in numbers)


def lazy():
    import torch  # the first request's cost

    return (torch.arange(64.0) ** 2).sum().item()


if sys.argv[1] == "loads":
    import torch
    from torch.utils.data import DataLoader
print(serving.serve({"loads": loads, "lazy": lazy}[sys.argv[1]], {"loads": 3, "lazy": 20}[sys.argv[1]]))
