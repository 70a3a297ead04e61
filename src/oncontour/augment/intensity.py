"""Changes of brightness that keep the anatomy: stretch, gain, offset, bias field, blur, noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from oncontour.augment.blur import filter_axes
from oncontour.augment.channels import change_channels
from oncontour.augment.interface import Params, Sample
from oncontour.augment.noise import add_noise, gaussian
from oncontour.augment.numbers import Range, check_number, check_range, sub_seed, uniform

BIAS_KNOTS = 4
"""A receive field varies over the whole head, not within a lobe."""

STRETCHED = 3.0
"""Standard deviations from the mean beyond which a stretch grows no further."""


def linear_field(seed: int, size: Sequence[int]) -> Tensor:
    """A field (i, j, k) between `BIAS_KNOTS` standard normal knots along each axis.

    Axis by axis, in a tenth of the time of an interpolation in three dimensions.
    """
    knots = gaussian(seed, (BIAS_KNOTS,) * 3)
    rows = [functional.interpolate(torch.eye(BIAS_KNOTS)[None], n, mode="linear", align_corners=True)[0] for n in size]
    return torch.einsum("abc,ai,bj,ck->ijk", knots, *rows)


def change_intensity(
    values: Tensor,
    stretch: float | None,
    gain: float,
    offset: float,
    bias: dict[str, Any] | None,
    blur: bool,
    noise: dict[str, Any] | None,
) -> Tensor:
    """Change z-scored values (i, j, k).

    Args:
        stretch: share of a voxel's distance from the mean that is added to it.
        gain, offset: of all voxels.
        bias: `deviation` of the field's knots, and their `seed`.
        blur: mean of 3 x 3 x 3 voxels.
        noise: its `deviation` and `seed`.
    """
    if stretch is not None:
        values = values.add(values.clamp(-STRETCHED, STRETCHED), alpha=stretch)
    values = values.mul(gain).add_(offset)
    if bias is not None:
        values = values.mul_(linear_field(bias["seed"], values.shape).mul_(bias["deviation"]).add_(1))
    if blur:
        values = filter_axes(values, [torch.full((min(2, size),), 1 / min(3, 2 * size - 1)) for size in values.shape])
    return values if noise is None else add_noise(values, **noise)


@dataclass(frozen=True)
class Intensity:
    """Oncontour's own: each channel on its own, for what scanners and hospitals do differently.

    Args:
        stretch, stretch_probability: the brightest and darkest are stretched, or pressed, by up to this share.
        gain: range of the factor.
        offset: up to this, up or down.
        bias, bias_probability: standard deviation of a smooth factor's knots.
        blur_probability: of the mean of 3 x 3 x 3 voxels.
        noise, noise_probability: up to this standard deviation.
    """

    stretch: float = 0.3
    stretch_probability: float = 0.3
    gain: Range = (0.75, 1.35)
    offset: float = 0.25
    bias: float = 0.2
    bias_probability: float = 0.3
    blur_probability: float = 0.2
    noise: float = 0.25
    noise_probability: float = 0.3

    def __post_init__(self) -> None:
        check_range(self, "gain", 0)
        for name in ("stretch", "offset", "bias", "noise"):
            check_number(self, name, 0)
        for name in ("stretch", "bias", "blur", "noise"):
            check_number(self, f"{name}_probability", 0, 1)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """All numbers of each channel."""
        return {"channels": [{"channel": channel, **self._draw_channel(rng)} for channel in range(shape[0])]}

    def _draw_channel(self, rng: np.random.Generator) -> dict[str, Any]:
        stretched, biased, blurred, noisy = rng.random(4) < (
            self.stretch_probability,
            self.bias_probability,
            self.blur_probability,
            self.noise_probability,
        )
        return {
            "stretch": uniform(rng, (-self.stretch, self.stretch)) if stretched else None,
            "gain": uniform(rng, self.gain),
            "offset": uniform(rng, (-self.offset, self.offset)),
            "bias": {"deviation": self.bias, "seed": sub_seed(rng)} if biased else None,
            "blur": bool(blurred),
            "noise": {"deviation": uniform(rng, (0, self.noise)), "seed": sub_seed(rng)} if noisy else None,
        }

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Change them inside the brain."""
        return change_channels(sample, params["channels"], change_intensity)
