"""Imperfect brain masks: extraction leaves dura, vessels and fluid in, or cuts cortex off, and a network must cope."""

from __future__ import annotations

import edt
import numpy as np
from numpy.typing import NDArray

from oncontour.data.phantom.fields import smooth_field

LARGEST_SLIP_MM = 10.0
"""How far a mask's surface may lie from the brain's where extraction slips into neck or orbit."""


def random_brain_mask(rng: np.random.Generator, brain: NDArray[np.bool_], spacing_mm: float) -> NDArray[np.bool_]:
    """A mask whose surface wanders about the brain's: by a millimetre or two everywhere, further in one or two places.

    Args:
        brain: bool (i, j, k), the brain itself.
        spacing_mm: of its voxels.
    """
    step = (spacing_mm,) * 3
    outside_mm = edt.edt(~brain, anisotropy=step, black_border=False, parallel=1) - spacing_mm / 2 * ~brain
    outside_mm -= edt.edt(brain, anisotropy=step, black_border=True, parallel=1) - spacing_mm / 2 * brain
    reach_mm = rng.uniform(-2.0, 2.5) + smooth_field(rng, brain.shape, 9, rng.uniform(0.0, 1.5))
    surface = np.argwhere(np.abs(outside_mm) <= spacing_mm)
    for _ in range(int(rng.integers(0, 3))):
        place = surface[rng.integers(len(surface))]
        width = rng.uniform(8.0, 25.0) / spacing_mm
        axes = np.ogrid[tuple(slice(0, size) for size in brain.shape)]
        square = sum(((axis - at) / width) ** 2 for axis, at in zip(axes, place, strict=True))
        reach_mm += np.float32(rng.uniform(2.0, LARGEST_SLIP_MM)) * np.exp(-square)
    return outside_mm < reach_mm
