"""DeepMedic: parallel pathways over a segment and its wider, coarser surroundings (Kamnitsas 2017; papers 000, 004)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from math import ceil, floor, lcm
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from oncontour.core.errors import InputError
from oncontour.networks.interface import initialise

SLOPE = 0.01
"""Slope of a PReLU below zero before training, as in the original program."""

Activation = Literal["prelu", "relu"]


def _layer(inputs: int, outputs: int, kernel: int, activation: Activation, dropout: float) -> nn.Sequential:
    """A valid convolution with bias, batch norm, rectifier, dropout."""
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, kernel),
        nn.BatchNorm3d(outputs),
        nn.PReLU(outputs, SLOPE) if activation == "prelu" else nn.ReLU(),
        nn.Dropout(dropout),
    )


def _layers(widths: Sequence[int], kernel: int, activation: Activation, dropout: float) -> nn.Sequential:
    return nn.Sequential(*(_layer(*pair, kernel, activation, dropout) for pair in pairwise(widths)))


def _cut(x: Tensor, size: int) -> Tensor:
    """Takes `size` voxels off each side of each axis."""
    return x[:, :, size : x.shape[2] - size, size : x.shape[3] - size, size : x.shape[4] - size]


class DeepMedic(nn.Module):
    """Convolution pathways at full and at lower resolution, joined by point-wise layers; all convolutions are valid.

    `forward` takes one image that holds the context of all pathways, and gives the logits of its centre: `margin`
    voxels less on each side, 24 by default, so an image of 57^3 gives 9^3. Of it the full-resolution pathway sees the
    centre (here 25^3, the patch of paper 004) and each further pathway the middle voxel of every `factor`^3 block, as
    in the original program, which does not average either (here 19^3); its features are repeated `factor` times along
    each axis. A larger image gives the same logits as its patches one by one, at a fraction of the work; two images
    that overlap agree where one begins a multiple of `stride` after the other.

    The conditional random field that follows it in Kamnitsas 2017 is a plan's `postprocess.crf`.

    A training patch, as a plan counts it, is what `forward` takes: 57^3 for the paper's 25^3, scored on its central
    9^3.

    Receptive field: 17^3 at full resolution; at a third, 17^3 voxels three apart, which span 49^3. Parameters: 663,491
    with four inputs and one output, as in paper 004 (with "relu" 662,551: the paper's text says ReLU, its count PReLU).

    Args:
        inputs: channels of the image, one a sequence.
        outputs: logits.
        factors: by how much each further pathway sub-samples, odd; the original offers a third pathway: (3, 5).
        size: the kernels of every layer are this many times the paper's, halves rounded up; it compares 0.25 (45,281
            parameters), 0.5, 1 and 1.5, though it may have meant the number of parameters.
        features: kernels of the convolutions of each pathway.
        pointwise: kernels of the layers that join them.
        activation: after each hidden layer; a PReLU has a slope for each channel.
        dropout: after each convolution of a pathway.
        pointwise_dropout: after each point-wise layer.

    >>> network = DeepMedic(4, 1, size=0.25)
    >>> network(torch.zeros(1, 4, 57, 51, 54)).shape
    torch.Size([1, 1, 9, 3, 6])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        factors: Sequence[int] = (3,),
        size: float = 1.0,
        features: Sequence[int] = (30, 30, 40, 40, 40, 40, 50, 50),
        pointwise: Sequence[int] = (150, 150),
        activation: Activation = "prelu",
        dropout: float = 0.02,
        pointwise_dropout: float = 0.5,
    ) -> None:
        super().__init__()
        for factor in factors:
            if factor < 3 or factor % 2 == 0:
                remedy = "Correct the network's arguments in the plan: only then has a block a middle voxel."
                raise InputError("deepmedic: factors", str(factor), "odd numbers from 3", remedy)
        self.factors = tuple(factors)
        self.loss = len(features)  # voxels that a pathway's valid convolutions take off each side, in its resolution
        step = lcm(*self.factors)
        around = ceil(self.loss * max(self.factors, default=1) / step) * step
        self.stride = (step, step, step)
        self.margin = (around, around, around)
        widths = (inputs, *(floor(size * n + 0.5) for n in features))
        self.pathways = nn.ModuleList(_layers(widths, 3, activation, dropout) for _ in (1, *self.factors))
        joined = (widths[-1] * len(self.pathways), *(floor(size * n + 0.5) for n in pointwise))
        self.pointwise = _layers(joined, 1, activation, pointwise_dropout)
        self.head = nn.Conv3d(joined[-1], outputs, 1)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, outputs, D, H, W) of images (B, inputs, D + 2 m, H + 2 m, W + 2 m), m the `margin`.

        Raises:
            InputError: a size that is no multiple of `stride`, or leaves nothing to predict.
        """
        step, margin = self.stride[0], self.margin[0]
        if any(size % step or size <= 2 * margin for size in x.shape[2:]):
            expected = f"multiples of {step} larger than {2 * margin}"
            remedy = f"Choose such a patch: {margin} voxels on each side are context."
            raise InputError("deepmedic: image", f"{tuple(x.shape[2:])} voxels", expected, remedy)
        parts = [self.pathways[0](_cut(x, margin - self.loss))]
        for factor, pathway in zip(self.factors, list(self.pathways)[1:], strict=True):
            part = _cut(x, margin - self.loss * factor)
            middle = factor // 2
            coarse = pathway(part[:, :, middle::factor, middle::factor, middle::factor])
            parts.append(interpolate(coarse, scale_factor=float(factor)))
        return self.head(self.pointwise(torch.cat(parts, 1)))

    def encoder_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of the pathways."""
        return self.pathways.parameters()

    def decoder_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of the point-wise layers and the head."""
        return chain(self.pointwise.parameters(), self.head.parameters())
