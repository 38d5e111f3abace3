# SPDX-License-Identifier: MIT
"""A client on PyTorch: torch_work.py matmul | conv2d | resnet18 | transformer. Each call moves its input to the GPU and
its output back; models are moved there before, which is then the first use of the GPU and timed as setup."""

import gpuclient
import torch
import torch_models


def main():
    given = gpuclient.arguments(torch_models.WORKS)
    device = torch_models.device_of(given.device)
    setup = None
    if given.work not in torch_models.MODELS:
        inputs, function = torch_models.operation(given.work)
    else:
        function, image = torch_models.model_and_input(given.work)
        inputs = (image,)

        def setup():
            function.to(device)
            if device.type == "cuda":
                torch.cuda.synchronize()

    def call():
        with torch.inference_mode():
            return function(*(tensor.to(device) for tensor in inputs)).cpu()

    def expect():
        with torch.inference_mode():
            return (function.cpu() if setup else function)(*inputs)

    gpuclient.measure(call, expect, setup, torch_models.versions)


main()
