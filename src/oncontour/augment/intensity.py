"""Changes of brightness that keep the anatomy: gain, offset, bias field, blur, noise. Images are (C, i, j, k)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

BIAS_KNOTS = 4
"""A receive field varies over the whole head, not within a lobe."""


def _random_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(rng.standard_normal(shape, np.float32))


def random_intensity(rng: np.random.Generator, image: Tensor) -> Tensor:
    """Change each channel of z-scored images on its own; what was 0 (outside the brain) stays 0."""
    changed = torch.empty_like(image)
    for channel, values in enumerate(image):
        inside = values != 0
        x = values
        if rng.random() < 0.3:  # stretch or press the brightest and darkest
            x = x + float(rng.uniform(-0.3, 0.3)) * x.abs().clamp(max=3) * x.sign()
        x = x * float(rng.uniform(0.75, 1.35)) + float(rng.uniform(-0.25, 0.25))
        if rng.random() < 0.3:
            knots = _random_normal(rng, (1, 1, BIAS_KNOTS, BIAS_KNOTS, BIAS_KNOTS))
            field = functional.interpolate(knots, x.shape, mode="trilinear", align_corners=True)[0, 0]
            x = x * (1 + 0.2 * field)
        if rng.random() < 0.2:
            x = functional.avg_pool3d(x[None, None], 3, 1, 1)[0, 0]
        if rng.random() < 0.3:
            x = x + float(rng.uniform(0, 0.25)) * _random_normal(rng, tuple(x.shape))
        changed[channel] = x * inside
    return changed
