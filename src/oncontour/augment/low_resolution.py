"""Low resolution: each channel as if it had been acquired with larger voxels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional

from oncontour.augment.channels import change_channels
from oncontour.augment.interface import Params, Sample
from oncontour.augment.numbers import Range, check_axes, check_number, check_range, for_channels, uniform


def lower_resolution(values: Tensor, scales: Sequence[float]) -> Tensor:
    """Values (i, j, k) on a grid of `scales` times as many voxels (nearest voxel), and back (linear)."""
    size = tuple(values.shape)
    coarse = [max(round(n * scale), 1) for n, scale in zip(size, scales, strict=True)]
    small = functional.interpolate(values[None, None], coarse, mode="nearest-exact")
    return functional.interpolate(small, size, mode="trilinear", align_corners=False)[0, 0]


@dataclass(frozen=True)
class LowResolution:
    """Lower the resolution of channels.

    Args:
        scale: range of the share of voxels that is left along an axis, the same for all axes.
        axes: concerned; leave out one along which voxels are long already.
        channel_probability: of each channel.
    """

    scale: Range = (0.5, 1.0)
    axes: tuple[int, ...] = (0, 1, 2)
    channel_probability: float = 0.5

    def __post_init__(self) -> None:
        check_range(self, "scale", 0.01, 1)
        check_axes(self, "axes")
        check_number(self, "channel_probability", 0, 1)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """A scale for each axis of each channel."""

        def numbers() -> dict[str, Any]:
            scale = uniform(rng, self.scale)
            return {"scales": [scale if axis in self.axes else 1.0 for axis in range(3)]}

        return for_channels(rng, shape[0], self.channel_probability, numbers)

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Lower it inside the brain."""
        return change_channels(sample, params["channels"], lower_resolution)
