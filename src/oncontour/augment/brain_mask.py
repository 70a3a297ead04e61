"""Imperfect brain masks: extraction leaves dura, vessels and fluid in, or cuts cortex off, and a network must cope."""

from __future__ import annotations

import edt
import numpy as np
from numpy.typing import NDArray

from oncontour.data.phantom.fields import smooth_field

LARGEST_BRIDGE_MM = 9.0
"""Extraction programs bridge cisterns and wide sulci of up to twice this width; others follow the tissue."""

LARGEST_SLIP_MM = 10.0
"""How far a mask's surface may lie from the brain's where extraction slips into neck or orbit."""


def random_brain_mask(rng: np.random.Generator, brain: NDArray[np.bool_], spacing_mm: float) -> NDArray[np.bool_]:
    """A mask that bridges cisterns and whose surface wanders about the brain's: by a millimetre or two everywhere,
    further in one or two places.

    Args:
        brain: bool (i, j, k), the brain itself.
        spacing_mm: of its voxels.
    """
    bridge_mm = rng.uniform(0.0, LARGEST_BRIDGE_MM)
    room = int(np.ceil((bridge_mm + LARGEST_SLIP_MM) / spacing_mm))  # so that nothing is bridged to the image's edge
    wide = np.pad(brain, room)
    bridged = _outside_mm(_outside_mm(wide, spacing_mm) < bridge_mm, spacing_mm) < -bridge_mm
    inner = tuple(slice(room, -room) for _ in range(3))
    outside_mm = _outside_mm(bridged | wide, spacing_mm)[inner]
    reach_mm = rng.uniform(-2.0, 2.5) + smooth_field(rng, brain.shape, 9, rng.uniform(0.0, 1.5))
    surface = np.argwhere(np.abs(outside_mm) <= spacing_mm)
    for _ in range(int(rng.integers(0, 3))):
        place = surface[rng.integers(len(surface))]
        width = rng.uniform(8.0, 25.0) / spacing_mm
        axes = np.ogrid[tuple(slice(0, size) for size in brain.shape)]
        square = sum(((axis - at) / width) ** 2 for axis, at in zip(axes, place, strict=True))
        reach_mm += np.float32(rng.uniform(2.0, LARGEST_SLIP_MM)) * np.exp(-square)
    return outside_mm < reach_mm


def _outside_mm(mask: NDArray[np.bool_], spacing_mm: float) -> NDArray[np.float32]:
    """Signed distance from a mask's surface, which lies half a voxel beyond its outermost voxels; negative inside."""
    step = (spacing_mm,) * 3
    distance = edt.edt(~mask, anisotropy=step, black_border=False, parallel=1) - spacing_mm / 2 * ~mask
    return distance - (edt.edt(mask, anisotropy=step, black_border=True, parallel=1) - spacing_mm / 2 * mask)
