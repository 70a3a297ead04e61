"""Mirroring: a brain's left and right are nearly exchangeable, and so, for texture, are the other axes."""

from __future__ import annotations

import numpy as np
from torch import Tensor


def random_mirror(rng: np.random.Generator, image: Tensor, target: Tensor, share: float = 0.5) -> tuple[Tensor, Tensor]:
    """Reverse each of the three axes with probability `share`; image and target are (C, i, j, k)."""
    axes = [axis for axis in (1, 2, 3) if rng.random() < share]
    return (image.flip(axes), target.flip(axes)) if axes else (image, target)
