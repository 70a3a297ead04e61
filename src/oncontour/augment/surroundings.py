"""Other surroundings for the same brain: label maps call orbit, neck and scalp one tissue, real ones are patchwork."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oncontour.data.phantom.fields import smooth_field

AIR = 0.04
"""Brightness, against 1 for the 99th percentile of the head, below which a voxel is air."""


def random_surroundings(
    rng: np.random.Generator, image: NDArray[np.float32], brain: NDArray[np.bool_], share: float = 0.8
) -> NDArray[np.float32]:
    """With probability `share`, paint patches of up to three other tissues over what lies outside the brain.

    Args:
        image: (i, j, k), scaled so that the 99th percentile of the head is 1.
        brain: bool (i, j, k), which stays as it is.
    """
    if rng.random() >= share:
        return image
    outside = ~brain & (image > AIR)
    changed = image.copy()
    for _ in range(int(rng.integers(1, 4))):
        patches = outside & (smooth_field(rng, image.shape, rng.uniform(6, 26)) > rng.uniform(-0.3, 1.2))
        weight = np.float32(rng.uniform(0.4, 1.0))
        changed[patches] = (1 - weight) * changed[patches] + weight * np.float32(rng.uniform(0.0, 1.3))
    return changed
