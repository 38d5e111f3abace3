# SPDX-License-Identifier: MIT
"""A rank, started by torchrun: rank.py computes|gathers|serves. It computes by itself, with the other ranks through
gloo, or for a client."""

import os
import sys

import torch
import torch.distributed

import serving

RANK = int(os.environ["LOCAL_RANK"])


def result():
    made = torch.Generator().manual_seed(RANK)
    return torch.rand(32, 32, generator=made).matmul(torch.rand(32, 32, generator=made)).sum()


def gathered():
    torch.distributed.init_process_group("gloo")
    total = result()
    torch.distributed.all_reduce(total)
    torch.distributed.destroy_process_group()
    return total.item()


WORK = {
    "computes": lambda: result().item(),
    "gathers": gathered,
    "serves": lambda: serving.serve(lambda: result().item(), 2),
}
line = f"rank {RANK} pid {os.getpid()}: {WORK[sys.argv[1]]()}\n"
sys.stdout.write(line)  # whole: the ranks share it
