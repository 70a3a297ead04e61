"""A residual U-Net whose trunk starts at half resolution: full resolution costs a U-Net most time and knows least."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import torch
from torch import Tensor, nn

from oncontour.networks.interface import initialise
from oncontour.networks.norm import InstanceNorm3d

LEAK = 0.01
"""Slope of the leaky rectifier below zero, as nnU-Net uses it."""


class Block(nn.Module):
    """Two 3x3x3 convolutions with instance norm, and a shortcut (He 2016); the first may halve the resolution."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv3d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = InstanceNorm3d(outputs, affine=True)
        self.second = nn.Conv3d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = InstanceNorm3d(outputs, affine=True)
        self.activation = nn.LeakyReLU(LEAK, inplace=True)
        changes = stride > 1 or inputs != outputs
        self.shortcut = nn.Conv3d(inputs, outputs, stride, stride, bias=False) if changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.activation(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        return self.activation(y + self.shortcut(x))


class Up(nn.Module):
    """Doubles the resolution, joins what was kept of it on the way down, one 3x3x3 convolution."""

    def __init__(self, inputs: int, kept: int, outputs: int) -> None:
        super().__init__()
        self.expand = nn.ConvTranspose3d(inputs, outputs, 2, 2, bias=False)
        self.convolution = nn.Conv3d(outputs + kept, outputs, 3, 1, 1, bias=False)
        self.norm = InstanceNorm3d(outputs, affine=True)
        self.activation = nn.LeakyReLU(LEAK, inplace=True)

    def forward(self, x: Tensor, kept: Tensor) -> Tensor:
        return self.activation(self.norm(self.convolution(torch.cat((self.expand(x), kept), 1))))


class ResidualUNet(nn.Module):
    """U-Net (Ronneberger 2015; Cicek 2016) with residual blocks; He initialisation.

    The image itself is what the last step up joins, so that edges stay sharp although the trunk never sees full
    resolution.

    Args:
        inputs: channels of the image, one a sequence; an absent sequence is a channel of zeros.
        outputs: logits, one a region (sigmoid each: regions overlap).
        features: channels of each stage, half resolution first; each stage halves the resolution.
        fine: channels of the last step, at full resolution.

    >>> network = ResidualUNet(4, 3, (8, 16))
    >>> network(torch.zeros(1, 4, 16, 8, 8)).shape
    torch.Size([1, 3, 16, 8, 8])
    """

    def __init__(self, inputs: int, outputs: int, features: Sequence[int], fine: int = 8) -> None:
        super().__init__()
        self.stride = (2 ** len(features),) * 3
        self.margin = (0, 0, 0)
        self.encoder = nn.ModuleList(
            Block(before, after, 2) for before, after in zip((inputs, *features[:-1]), features, strict=True)
        )
        kept = (*features[-2::-1], inputs)
        widths = (*features[-2::-1], fine)
        deeper = (features[-1], *widths[:-1])
        self.decoder = nn.ModuleList(Up(*sizes) for sizes in zip(deeper, kept, widths, strict=True))
        self.head = nn.Conv3d(fine, outputs, 1)
        initialise(self, LEAK)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, outputs, D, H, W) of images (B, inputs, D, H, W); each size a multiple of `stride`."""
        kept = [x]
        for block in self.encoder:
            kept.append(block(kept[-1]))
        x = kept.pop()
        for up in self.decoder:
            x = up(x, kept.pop())
        return self.head(x)

    def encoder_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of the contracting path."""
        return self.encoder.parameters()

    def decoder_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of the expanding path and the head."""
        return chain(self.decoder.parameters(), self.head.parameters())
