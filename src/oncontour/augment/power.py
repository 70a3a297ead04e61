"""A power of intensities as they are: how contrasts differ between images of whole heads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oncontour.augment.channels import change_channels
from oncontour.augment.interface import Params, Sample
from oncontour.augment.numbers import Range, check_range, uniform


@dataclass(frozen=True)
class Power:
    """Raise intensities, scaled so that bright tissue is 1 (`preprocess.head`), to a power.

    Unlike `Gamma` it knows no range and keeps no mean: 0 and 1 stay where they are.

    Args:
        exponent: range.
    """

    exponent: Range = (0.6, 1.6)

    def __post_init__(self) -> None:
        check_range(self, "exponent", 0.01)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """An exponent for each channel."""
        return {
            "channels": [{"channel": channel, "exponent": uniform(rng, self.exponent)} for channel in range(shape[0])]
        }

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Raise; what is below 0 counts as 0."""
        return change_channels(sample, params["channels"], lambda values, exponent: values.clamp(min=0).pow_(exponent))
