"""Gamma: a power of each channel's intensities, on their own range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from oncontour.augment.channels import change_channels
from oncontour.augment.interface import Params, Sample
from oncontour.augment.numbers import Range, around_one, check_number, check_range, for_channels

SMALLEST = 1e-7
"""A range or a deviation below this is that of a constant image."""


def change_gamma(values: Tensor, gamma: float, invert: bool) -> Tensor:
    """Raise values (i, j, k), scaled to 0..1, to a power; mean and standard deviation of the patch stay.

    Args:
        gamma: above 1 the bright part is stretched, below 1 the dark part.
        invert: the other way round.
    """
    given = -values if invert else values
    low, high = torch.aminmax(given)
    spread = high - low
    changed = given.sub(low).div_(spread.clamp(min=SMALLEST)).pow_(gamma).mul_(spread).add_(low)
    changed.sub_(changed.mean()).mul_(given.std() / changed.std().clamp(min=SMALLEST)).add_(given.mean())
    return changed.neg_() if invert else changed


@dataclass(frozen=True)
class Gamma:
    """Change gamma of channels.

    Args:
        gamma: range of the exponent, drawn below 1 in half of the draws.
        invert: on the inverted image.
        channel_probability: of each channel.
    """

    gamma: Range = (0.7, 1.5)
    invert: bool = False
    channel_probability: float = 1.0

    def __post_init__(self) -> None:
        check_range(self, "gamma", 0)
        check_number(self, "channel_probability", 0, 1)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """An exponent for each channel."""

        def numbers() -> dict[str, Any]:
            return {"gamma": around_one(rng, self.gamma), "invert": self.invert}

        return for_channels(rng, shape[0], self.channel_probability, numbers)

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Change it inside the brain."""
        return change_channels(sample, params["channels"], change_gamma)
