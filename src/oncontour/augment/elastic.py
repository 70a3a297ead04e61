"""Elastic deformation: every place a little elsewhere, smoothly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from oncontour.augment.interface import Params, Sample, Size
from oncontour.augment.numbers import Range, check_range, sub_seed, uniform
from oncontour.augment.resampling import resample, widened
from oncontour.data.phantom.fields import smooth_field

FARTHEST = 3.0
"""Standard deviations beyond which no place is moved, so that what is needed of the image is known beforehand."""


@dataclass(frozen=True)
class Elastic:
    """Deform image and regions.

    nnU-Net's plans leave it out: it costs an interpolation and gained nothing there (nnU-Net v2's default set).

    Args:
        deviation: range of the displacement's standard deviation, in voxels, along each axis.
        waves: range of the number of the field's knots along the longest axis. Above an eighth of its voxels, or with
            large deviations, places may overtake each other.
    """

    deviation: Range = (0.0, 2.0)
    waves: Range = (3.0, 6.0)

    def __post_init__(self) -> None:
        check_range(self, "deviation", 0)
        check_range(self, "waves", 1)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """Deviation, waves and seed of the field; size (i, j, k) of what comes out."""
        return {
            "deviation": uniform(rng, self.deviation),
            "waves": uniform(rng, self.waves),
            "seed": sub_seed(rng),
            "size": list(shape[1:]),
        }

    def reach(self, params: Params, size: Size) -> Size:
        """Voxels (i, j, k), about the same centre, that `apply` needs to see to fill `size` of them."""
        return widened(size, [(n - 1) / 2 + FARTHEST * params["deviation"] for n in size])

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Deform image and regions."""
        rng = np.random.default_rng(params["seed"])
        size, deviation = params["size"], params["deviation"]
        fields = np.stack([smooth_field(rng, tuple(size), params["waves"]) for _ in size], axis=-1)
        moved = torch.from_numpy(fields).float().clamp_(-FARTHEST, FARTHEST).mul_(deviation)
        i, j, k = (torch.arange(n) - (n - 1) / 2 for n in size)
        return resample(sample, moved + torch.stack(torch.meshgrid(i, j, k, indexing="ij"), -1))
