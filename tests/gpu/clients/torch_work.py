# SPDX-License-Identifier: MIT
"""A client on PyTorch: torch_work.py matmul | conv2d | resnet18 | transformer. Each call moves its input to the GPU and
its output back; models are moved there before, which is then the first use of the GPU and timed as setup."""

import gpuclient
import torch

WORKS = ("matmul", "conv2d", "resnet18", "transformer")


def operation(work):
    """The inputs and the function of an operation without a model."""
    if work == "matmul":
        return (torch.rand(1024, 1024), torch.rand(1024, 1024)), torch.matmul
    return (
        (torch.rand(8, 64, 56, 56), torch.rand(64, 64, 3, 3)),
        lambda images, weights: torch.nn.functional.conv2d(images, weights, padding=1),
    )


def model_and_input(work):
    """A network with random weights, and one input."""
    if work == "resnet18":
        import torchvision  # only here: the other works do without

        return torchvision.models.resnet18(weights=None).eval(), torch.rand(1, 3, 224, 224)
    layer = torch.nn.TransformerEncoderLayer(d_model=256, nhead=4, dim_feedforward=1024, batch_first=True)
    return torch.nn.TransformerEncoder(layer, num_layers=2).eval(), torch.rand(1, 64, 256)


def versions():
    found = {"PyTorch": torch.__version__, "PyTorch's-CUDA": torch.version.cuda}
    try:
        found["cuDNN"] = torch.backends.cudnn.version()
    except RuntimeError as problem:
        found["cuDNN"] = problem
    return found


def main():
    given = gpuclient.arguments(WORKS)
    if given.device == "cuda" and torch.version.cuda is None:
        gpuclient.skip("this PyTorch is built without CUDA")
    torch.manual_seed(1)
    device = torch.device(given.device)
    setup = None
    if given.work in ("matmul", "conv2d"):
        inputs, function = operation(given.work)
    else:
        function, image = model_and_input(given.work)
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

    gpuclient.measure(call, expect, setup, versions)


main()
