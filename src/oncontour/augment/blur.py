"""Gaussian blur, and the separable filter that it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from oncontour.augment.channels import change_channels
from oncontour.augment.interface import Params, Sample
from oncontour.augment.numbers import Range, check_number, check_range, for_channels, uniform

WIDTH = 6.0
"""The kernel spans this many standard deviations and half a voxel, rounded to an odd number of voxels (nnU-Net)."""


def gaussian_kernel(sigma: float, size: int) -> Tensor:
    """Half of a symmetric kernel, from its centre outwards; the whole sums to 1.

    Args:
        sigma: standard deviation in voxels.
        size: voxels of the axis; the kernel reaches no further than a reflection at its ends can.
    """
    radius = min(int((WIDTH * sigma + 0.5) // 2), size - 1)
    half = torch.exp(-0.5 * (torch.arange(radius + 1) / sigma) ** 2)
    return half / (2 * half.sum() - half[0])


def filter_axes(values: Tensor, kernels: Sequence[Tensor]) -> Tensor:
    """Filter (i, j, k) along each axis with a symmetric kernel, reflected at the ends.

    Sums of shifted copies: a third of the time that a convolution takes for kernels as small as these.

    Args:
        kernels: of each axis, from the centre outwards.
    """
    for axis, kernel in enumerate(kernels):
        centre, *others = kernel.tolist()
        radius, size = len(others), values.shape[axis]
        padding = [0, 0] * (2 - axis) + [radius, radius] + [0, 0] * axis
        wide = functional.pad(values[None, None], padding, mode="reflect")[0, 0] if radius else values
        filtered = wide.narrow(axis, radius, size) * centre
        for distance, weight in enumerate(others, start=1):
            pair = wide.narrow(axis, radius - distance, size) + wide.narrow(axis, radius + distance, size)
            filtered.add_(pair, alpha=weight)
        values = filtered
    return values


def blur(values: Tensor, sigmas: Sequence[float]) -> Tensor:
    """Values (i, j, k) blurred by a standard deviation in voxels along each axis."""
    kernels = [gaussian_kernel(sigma, size) for sigma, size in zip(sigmas, values.shape, strict=True)]
    return filter_axes(values, kernels)


@dataclass(frozen=True)
class Blur:
    """Blur channels.

    Args:
        sigma: range of the standard deviation in voxels, drawn for each axis.
        channel_probability: of each channel.
    """

    sigma: Range = (0.5, 1.0)
    channel_probability: float = 0.5

    def __post_init__(self) -> None:
        check_range(self, "sigma", 0.01)
        check_number(self, "channel_probability", 0, 1)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """Standard deviations along each axis of each channel."""
        return for_channels(
            rng, shape[0], self.channel_probability, lambda: {"sigmas": [uniform(rng, self.sigma) for _ in range(3)]}
        )

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Blur inside the brain."""
        return change_channels(sample, params["channels"], blur)
