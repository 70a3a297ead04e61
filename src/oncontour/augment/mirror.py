"""Mirroring: a brain's left and right are nearly exchangeable, and so, for texture, are the other axes."""

from __future__ import annotations

import numpy as np
from torch import Tensor


def random_mirror(
    rng: np.random.Generator, image: Tensor, target: Tensor, axes: tuple[int, ...] = (1, 2, 3)
) -> tuple[Tensor, Tensor]:
    """Reverse each of the given axes in half of the draws; image and target are (C, i, j, k), i left to right."""
    flipped = [axis for axis in axes if rng.random() < 0.5]
    return (image.flip(flipped), target.flip(flipped)) if flipped else (image, target)
