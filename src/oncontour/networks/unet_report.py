"""The U-Net of the technical report, which sees the whole image at once (Cicek 2016; Rahimpour, paper 004)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from oncontour.core.errors import InputError
from oncontour.networks.interface import initialise
from oncontour.networks.norm import InstanceNorm3d

POOL = 3
"""Voxels along each axis that become one at the next resolution."""


def _block(inputs: int, first: int, second: int) -> nn.Sequential:
    """Two 3x3x3 convolutions of the same size as their input, each with instance norm and rectifier."""
    layers: list[nn.Module] = []
    for before, after in pairwise((inputs, first, second)):
        layers += [
            nn.Conv3d(before, after, 3, padding=1, bias=False),
            InstanceNorm3d(after, affine=True),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


class ReportUNet(nn.Module):
    """Four resolutions, each a third of the one before; any image size, such as the report's 143 x 196 x 144.

    Where a size is no multiple of 3, the last pooling window holds what there is, and the way up is cut to the size of
    what was kept on the way down: nothing is padded, so nothing empty enters a norm's statistics.

    The report gives 3,878,841 parameters; no plain reading of its text does, so the layout is ours where it is silent.
    Down: blocks of 20 and 40, 40 and 80, 80 and 160, 160 and 320 kernels. Up: a 1x1x1 convolution halves the features
    before they are repeated three times along each axis and joined to those kept; then two convolutions of as many
    kernels as the first one of that resolution on the way down. At the end two point-wise layers of 20 with rectifier
    and dropout. 3,883,781 parameters with four inputs and one output, 0.1 % from the report's count.

    Receptive field: 214 or 241 voxels along each axis, at least 106 to each side (the norms see the whole image).

    Args:
        inputs: channels of the image, one a sequence.
        outputs: logits; the report's softmax over two classes is one output with a sigmoid.
        start: kernels of the first convolution; every other width follows. The report compares sizes of 25 %, 50 % and
            100 %.
        levels: resolutions.
        pointwise: kernels of the point-wise layers.
        dropout: after each of them.

    >>> network = ReportUNet(1, 2, start=2)
    >>> network(torch.zeros(1, 1, 29, 14, 5)).shape
    torch.Size([1, 2, 29, 14, 5])
    """

    stride = (1, 1, 1)
    margin = (0, 0, 0)

    def __init__(
        self,
        inputs: int,
        outputs: int,
        start: int = 20,
        levels: int = 4,
        pointwise: Sequence[int] = (20, 20),
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        firsts = [start * 2**level for level in range(levels)]
        seconds = [2 * first for first in firsts]
        self.down = nn.ModuleList(_block(*widths) for widths in zip((inputs, *seconds), firsts, seconds, strict=False))
        self.pool = nn.MaxPool3d(POOL, ceil_mode=True)
        deeper = (seconds[-1], *firsts[-2:0:-1])
        self.halve = nn.ModuleList(nn.Conv3d(width, width // 2, 1, bias=False) for width in deeper)
        self.up = nn.ModuleList(
            _block(kept + below // 2, first, first)
            for below, kept, first in zip(deeper, seconds[-2::-1], firsts[-2::-1], strict=True)
        )
        self.pointwise = nn.Sequential()
        for before, after in pairwise((start, *pointwise)):
            self.pointwise.extend((nn.Conv3d(before, after, 1), nn.ReLU(inplace=True), nn.Dropout(dropout)))
        self.head = nn.Conv3d(pointwise[-1] if pointwise else start, outputs, 1)
        self.smallest = POOL ** (levels - 1)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, outputs, D, H, W) of images (B, inputs, D, H, W).

        Raises:
            InputError: an image that is a single voxel at the coarsest resolution: a norm of one voxel is void.
        """
        if max(x.shape[2:]) <= self.smallest:
            expected = f"more than {self.smallest} along some axis"
            remedy = "This network is made for whole images: choose a larger patch, or fewer levels."
            raise InputError("unet_report: image", f"{tuple(x.shape[2:])} voxels", expected, remedy)
        kept = []
        for block in self.down:
            x = block(self.pool(x) if kept else x)
            kept.append(x)
        x = kept.pop()
        for halve, block in zip(self.halve, self.up, strict=True):
            finer = kept.pop()
            i, j, k = finer.shape[2:]
            x = interpolate(halve(x), scale_factor=float(POOL))[:, :, :i, :j, :k]
            x = block(torch.cat((finer, x), 1))
        return self.head(self.pointwise(x))

    def encoder_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of the contracting path."""
        return self.down.parameters()

    def decoder_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of the expanding path, the point-wise layers and the head."""
        parts = (self.halve, self.up, self.pointwise, self.head)
        return chain.from_iterable(part.parameters() for part in parts)
