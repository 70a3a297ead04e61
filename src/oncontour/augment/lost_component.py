"""A component of a coarse model's labels gone, as if it had been missed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import label

from oncontour.augment.interface import Params, Sample
from oncontour.augment.numbers import check_number, for_channels

TOUCHING = np.ones((3, 3, 3), bool)
"""Voxels that share a corner belong together."""


@dataclass(frozen=True)
class LostComponent:
    """Empty one component of channels of 0 and 1, any of those that are not too large.

    For the labels that a coarse model hands on to a fine one (`training.augment_previous`), as nnU-Net does it: the
    fine model learns to find what the coarse one missed.

    Args:
        share: of the patch's voxels; components that are as large, or larger, stay.
        channel_probability: of each label.
    """

    share: float = 0.15
    channel_probability: float = 0.5

    def __post_init__(self) -> None:
        for name in ("share", "channel_probability"):
            check_number(self, name, 0, 1)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """Labels, and where among its components each one's lies: how many there are shows only when applied."""
        return for_channels(rng, shape[0], self.channel_probability, lambda: {"which": float(rng.random())})

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Empty them."""
        masks = sample.image.numpy() != 0
        for one in params["channels"]:
            mask = masks[one["channel"]]
            parts, _ = label(mask, TOUCHING)
            small = np.flatnonzero(np.bincount(parts.ravel())[1:] < self.share * mask.size) + 1
            if small.size:
                mask &= parts != small[int(one["which"] * small.size)]
        return Sample(torch.from_numpy(masks).to(sample.image.dtype), sample.regions)
