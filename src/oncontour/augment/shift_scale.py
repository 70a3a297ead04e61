"""Shift and scale of intensities, each normal: paper 004 (S4.7), after DeepMedic's distortion of the histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oncontour.augment.channels import change_channels
from oncontour.augment.interface import Params, Sample
from oncontour.augment.numbers import check_number


@dataclass(frozen=True)
class ShiftScale:
    """(intensity + shift) times scale, for each sequence.

    Args:
        shift: standard deviation of the shift; its mean is 0.
        scale: standard deviation of the scale; its mean is 1.
    """

    shift: float = 0.05
    scale: float = 0.01

    def __post_init__(self) -> None:
        check_number(self, "shift", 0)
        check_number(self, "scale", 0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """Shift and scale of each channel."""
        return {
            "channels": [
                {
                    "channel": channel,
                    "shift": float(rng.normal(0, self.shift)),
                    "scale": float(rng.normal(1, self.scale)),
                }
                for channel in range(shape[0])
            ]
        }

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Shift and scale inside the brain."""
        return change_channels(sample, params["channels"], lambda values, shift, scale: values.add(shift).mul_(scale))
