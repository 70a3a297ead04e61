"""A field of view that stops within the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oncontour.augment.interface import Params, Sample
from oncontour.augment.numbers import Range, check_axes, check_range, uniform


@dataclass(frozen=True)
class FieldOfView:
    """Cut one side off image and regions: both are 0 there.

    Args:
        share: range of the part of the patch that is lost.
        axes: of which one is drawn.
    """

    share: Range = (0.05, 0.3)
    axes: tuple[int, ...] = (0, 1, 2)

    def __post_init__(self) -> None:
        check_range(self, "share", 0, 1)
        check_axes(self, "axes")

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """Axis, first voxel that is cut and the one after the last."""
        axis = self.axes[int(rng.integers(len(self.axes)))]
        size = shape[1 + axis]
        cut = int(uniform(rng, self.share) * size)
        return {"axis": axis, "from": 0 if rng.random() < 0.5 else size - cut, "voxels": cut}

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Cut it off."""
        image, regions = sample.image.clone(), sample.regions.clone()
        for volumes in (image, regions):
            volumes.narrow(1 + params["axis"], params["from"], params["voxels"]).zero_()
        return Sample(image, regions)
