# SPDX-License-Identifier: MIT
"""What the clients on PyTorch compute: a product, a convolution, and two networks with random weights, the same ones in
every process. resnet18 is torchvision's where that is installed, else it is built here in the same shape."""

import gpuclient
import torch
from torch import nn

WORKS = ("matmul", "conv2d", "resnet18", "transformer")
MODELS = ("resnet18", "transformer")


def operation(work):
    """The inputs and the function of an operation without a model."""
    if work == "matmul":
        return (torch.rand(1024, 1024), torch.rand(1024, 1024)), torch.matmul
    return (
        (torch.rand(8, 64, 56, 56), torch.rand(64, 64, 3, 3)),
        lambda images, weights: torch.nn.functional.conv2d(images, weights, padding=1),
    )


class Block(nn.Module):
    """Two convolutions and a way around them (He et al., Deep Residual Learning for Image Recognition)."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.through = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False),
            nn.BatchNorm2d(after),
        )
        same = before == after and stride == 1
        around = (nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
        self.around = nn.Identity() if same else nn.Sequential(*around)

    def forward(self, images):
        return torch.relu(self.through(images) + self.around(images))


def resnet18():
    try:
        import torchvision  # only here: everything else does without

        return torchvision.models.resnet18(weights=None)
    except ImportError:
        pass
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    before = 64
    for after in (64, 128, 256, 512):
        layers += [Block(before, after, 1 if before == after else 2), Block(after, after, 1)]
        before = after
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


def model_and_input(work):
    """A network with random weights, and one input."""
    if work == "resnet18":
        return resnet18().eval(), torch.rand(1, 3, 224, 224)
    layer = nn.TransformerEncoderLayer(d_model=256, nhead=4, dim_feedforward=1024, batch_first=True)
    return nn.TransformerEncoder(layer, num_layers=2).eval(), torch.rand(1, 64, 256)


def device_of(name):
    """The device, with the seed set; a PyTorch that cannot have it is skipped."""
    if name == "cuda" and torch.version.cuda is None:
        gpuclient.skip("this PyTorch is built without CUDA")
    torch.manual_seed(1)
    return torch.device(name)


def versions():
    found = {"PyTorch": torch.__version__, "PyTorch's-CUDA": torch.version.cuda}
    try:
        found["cuDNN"] = torch.backends.cudnn.version()
    except RuntimeError as problem:
        found["cuDNN"] = problem
    return found
