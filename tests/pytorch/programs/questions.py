# SPDX-License-Identifier: MIT
"""What a program asks PyTorch about its GPU first, and what it is told on a driver that PyTorch cannot use."""

import warnings

import torch


def ask(name, question):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            given = question()
        except (RuntimeError, AssertionError) as problem:
            given = f"{type(problem).__name__}: {problem}"
    print(name, given, [str(warning.message) for warning in warned])


print("torch", torch.__version__, "CUDA", torch.version.cuda)
ask("initialised", torch.cuda.is_initialized)
ask("cuDNN", torch.backends.cudnn.version)
ask("available", torch.cuda.is_available)
ask("count", torch.cuda.device_count)
ask("name", lambda: torch.cuda.get_device_name(0))
ask("ones", lambda: torch.ones(3, device="cuda"))
ask("initialised", torch.cuda.is_initialized)
ask("on the CPU", lambda: torch.ones(3).sum().item())
