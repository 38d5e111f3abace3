# SPDX-License-Identifier: MIT
"""torch.multiprocessing: children.py fork|spawn|forkserver descriptors|files. Two children compute on a tensor that
they share with their parent, and send one of their own back; how tensors are shared is the second word."""

import sys

import torch
import torch.multiprocessing as processes


def work(number, shared, results):
    made = torch.Generator().manual_seed(number)
    shared[number] = torch.rand(64, 64, generator=made) @ torch.rand(64, 64, generator=made)
    results.put((number, shared[number] * 2))
    results.join()  # the parent has it: until then the memory is this process's


def main(method, strategy):
    processes.set_sharing_strategy({"descriptors": "file_descriptor", "files": "file_system"}[strategy])
    context = processes.get_context(method)
    shared, results = torch.zeros(2, 64, 64).share_memory_(), context.JoinableQueue()
    children = [context.Process(target=work, args=(number, shared, results)) for number in range(2)]
    for child in children:
        child.start()
    received = dict(results.get() for _ in children)
    sums = [(received[number].sum().item(), shared[number].sum().item()) for number in sorted(received)]
    for _ in children:
        results.task_done()
    for child in children:
        child.join()
    print(sums, [child.exitcode for child in children])


if __name__ == "__main__":
    main(*sys.argv[1:])
