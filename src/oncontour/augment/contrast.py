"""Contrast: each channel's distance from its mean times a factor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from oncontour.augment.channels import change_channels
from oncontour.augment.interface import Params, Sample
from oncontour.augment.numbers import Range, around_one, check_number, check_range, for_channels


def change_contrast(values: Tensor, factor: float) -> Tensor:
    """Spread values (i, j, k) about the mean of the patch; they stay within the range that they had."""
    mean = values.mean()
    low, high = torch.aminmax(values)
    return values.sub(mean).mul_(factor).add_(mean).clamp_(low, high)


@dataclass(frozen=True)
class Contrast:
    """Spread or press channels about their mean.

    Args:
        factor: range, drawn below 1 in half of the draws.
        channel_probability: of each channel.
    """

    factor: Range = (0.75, 1.25)
    channel_probability: float = 1.0

    def __post_init__(self) -> None:
        check_range(self, "factor", 0)
        check_number(self, "channel_probability", 0, 1)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """A factor for each channel."""
        return for_channels(rng, shape[0], self.channel_probability, lambda: {"factor": around_one(rng, self.factor)})

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Change it inside the brain."""
        return change_channels(sample, params["channels"], change_contrast)
