"""Mirroring: a brain's left and right are nearly exchangeable, and so, for texture, are the other axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oncontour.augment.interface import Params, Sample
from oncontour.augment.numbers import check_axes, check_number


@dataclass(frozen=True)
class Mirror:
    """Reverse axes.

    Args:
        axes: that may be reversed, 0 left to right, 1 back to front, 2 bottom to top.
        axis_probability: of each of them, on its own.
    """

    axes: tuple[int, ...] = (0, 1, 2)
    axis_probability: float = 0.5

    def __post_init__(self) -> None:
        check_axes(self, "axes")
        check_number(self, "axis_probability", 0, 1)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:  # noqa: ARG002
        """Which axes."""
        return {"axes": [axis for axis in self.axes if rng.random() < self.axis_probability]}

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Image and regions alike."""
        axes = [axis + 1 for axis in params["axes"]]
        return sample if not axes else Sample(sample.image.flip(axes), sample.regions.flip(axes))
