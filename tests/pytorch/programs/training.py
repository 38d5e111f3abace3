# SPDX-License-Identifier: MIT
"""A training run on the CPU, every number of it: training.py none|fork|spawn|forkserver, which is how the two workers
of its DataLoader are started."""

import hashlib
import os
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Images(Dataset):
    """Made of their number alone, whichever process makes them."""

    def __len__(self):
        return 48

    def __getitem__(self, number):
        made = torch.Generator().manual_seed(number)
        return torch.rand(3, 16, 16, generator=made), number % 4, os.getpid()


def loader(method):
    if method == "none":
        return DataLoader(Images(), batch_size=8, shuffle=True)
    return DataLoader(Images(), batch_size=8, shuffle=True, num_workers=2, multiprocessing_context=method)


def train(batches):
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 14 * 14, 4))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    digest, pids = hashlib.sha256(), set()
    for images, labels, makers in batches:
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimiser.step()
        digest.update(loss.detach().numpy().tobytes())
        pids.update(makers.tolist())
    for parameter in model.parameters():
        digest.update(parameter.detach().numpy().tobytes())
    print(f"loss {loss.item()!r}, {digest.hexdigest()}, made by {len(pids)}, here {os.getpid() in pids}")


if __name__ == "__main__":
    torch.manual_seed(1)
    train(loader(sys.argv[1]))
