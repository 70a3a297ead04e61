"""Brightness: each channel times a factor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oncontour.augment.channels import change_channels
from oncontour.augment.interface import Params, Sample
from oncontour.augment.numbers import Range, around_one, check_number, check_range, for_channels


@dataclass(frozen=True)
class Brightness:
    """Multiply channels.

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
        """Multiply."""
        return change_channels(sample, params["channels"], lambda values, factor: values * factor)
