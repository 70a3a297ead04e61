"""Gaussian noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from oncontour.augment.channels import change_channels
from oncontour.augment.interface import Params, Sample
from oncontour.augment.numbers import Range, check_number, check_range, for_channels, sub_seed, uniform


def gaussian(seed: int, shape: tuple[int, ...]) -> Tensor:
    """Standard normal numbers of a seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def add_noise(values: Tensor, deviation: float, seed: int) -> Tensor:
    """Values (i, j, k) with normal noise of a standard deviation added."""
    return values.add(gaussian(seed, tuple(values.shape)), alpha=deviation)


@dataclass(frozen=True)
class Noise:
    """Add normal noise.

    Args:
        deviation: range of the noise's standard deviation (nnU-Net calls it a variance, and uses it as this).
        same: one deviation for all channels; each has noise of its own.
        channel_probability: of each channel.
    """

    deviation: Range = (0.0, 0.1)
    same: bool = True
    channel_probability: float = 1.0

    def __post_init__(self) -> None:
        check_range(self, "deviation", 0)
        check_number(self, "channel_probability", 0, 1)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """Deviation and seed of each channel."""
        common = uniform(rng, self.deviation)

        def numbers() -> dict[str, Any]:
            return {"deviation": common if self.same else uniform(rng, self.deviation), "seed": sub_seed(rng)}

        return for_channels(rng, shape[0], self.channel_probability, numbers)

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Add it inside the brain."""
        return change_channels(sample, params["channels"], add_noise)
