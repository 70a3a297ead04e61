"""Other surroundings for the same brain: label maps call orbit, neck and scalp one tissue, real ones are patchwork."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from oncontour.augment.interface import Params, Sample
from oncontour.augment.numbers import Range, check_range, sub_seed, uniform
from oncontour.data.phantom.fields import smooth_field

AIR = 0.04
"""Brightness, against 1 for the 99th percentile of the head, below which a voxel is air."""

MOST_PATCHES = 3
"""Tissues that are painted, at most."""


@dataclass(frozen=True)
class Surroundings:
    """Paint patches of other tissues over what lies outside the brain (the first region) and is not air.

    Images are of whole heads, scaled so that the 99th percentile of the head is 1.

    Args:
        waves: range of the number of a patch's knots along the image: more are smaller patches.
        level: range of the height at which the field that shapes a patch is cut: higher is less of it.
        weight: range of how much a patch covers of what was there.
        brightness: range of a patch's brightness.
    """

    waves: Range = (6.0, 26.0)
    level: Range = (-0.3, 1.2)
    weight: Range = (0.4, 1.0)
    brightness: Range = (0.0, 1.3)

    def __post_init__(self) -> None:
        check_range(self, "waves", 1)
        check_range(self, "level")
        check_range(self, "weight", 0, 1)
        check_range(self, "brightness", 0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:  # noqa: ARG002
        """The numbers of each patch."""
        return {
            "patches": [
                {
                    "seed": sub_seed(rng),
                    "waves": uniform(rng, self.waves),
                    "level": uniform(rng, self.level),
                    "weight": uniform(rng, self.weight),
                    "brightness": uniform(rng, self.brightness),
                }
                for _ in range(int(rng.integers(1, MOST_PATCHES + 1)))
            ]
        }

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Paint them; brain and air stay as they are."""
        image = sample.image.clone()
        outside = (sample.regions[0] == 0) & (image > AIR)
        for patch in params["patches"]:
            rng = np.random.default_rng(patch["seed"])
            field = smooth_field(rng, tuple(image.shape[1:]), patch["waves"])
            weight = torch.from_numpy(field > patch["level"]) * outside * patch["weight"]
            image.lerp_(torch.full_like(image, patch["brightness"]), weight)
        return Sample(image, sample.regions)
